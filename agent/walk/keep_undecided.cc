#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "agent/walk/authorize.h"
#include "agent/walk/optional_facts.h"
#include "surety/session.h"

namespace surety {
namespace {

// As the built-in policy calls it.
constexpr std::string_view kFactsMissing = "facts_missing";

// As EntryStore::Match() does.
template <typename Held>
void SortByPriority(std::vector<Held>& held) {
  std::ranges::sort(held, {}, [](const Held& one) {
    return std::pair(-std::int64_t{one.entry->priority}, std::string_view(one.entry->id));
  });
}

}  // namespace

// An entry that was taken out of the files, or names another identity now, waits for nothing.
bool Session::StillWaits(const Entry& entry, const Attestation& seen) const {
  if (!WaitsForOptional(entry, seen)) return false;
  SelectorSet at_best = seen.selectors;
  at_best.Merge(entry.selectors);
  return std::ranges::any_of(parts_.entries.Match(at_best), [&](const auto& one) {
    return one->id == entry.id && one->spiffe_id == entry.spiffe_id;
  });
}

// Whether what is held of this entry is neither renewed nor taken away now.
bool Session::StaysUndecided(const Ask& ask, Authorization& authorization,
                             const std::shared_ptr<const Entry>& entry) const {
  const auto at = std::ranges::find_if(authorization.entries, [&](const EntryDecision& one) {
    return one.entry && one.entry->id == entry->id;
  });
  if (at != authorization.entries.end()) return at->decision.verdict == Verdict::kUndecided;
  if (!StillWaits(*entry, ask.facts.seen)) return false;
  // It may have jumped all the same, and what is missing must not hide that.
  Decision decision = DecideAlso(parts_, peer_, ask.facts, authorization, *entry);
  const bool refused = decision.verdict == Verdict::kRefuse;
  if (!refused) decision = {.verdict = Verdict::kUndecided, .reason = std::string(kFactsMissing)};
  authorization.entries.push_back({.entry = entry, .decision = std::move(decision)});
  return !refused;
}

// Where one entry is undecided and the rest goes on.
void Session::Keep(const Ask& ask, Authorization& authorization, std::vector<Held>& next) const {
  const std::size_t granted = next.size();
  for (const Held& held : held_) {
    if (!StaysUndecided(ask, authorization, held.entry)) continue;
    if (ask.now.boot < held.expires_at && parts_.sanctions.StillGiven(held.issued))
      next.push_back(held);
  }
  if (next.size() != granted) SortByPriority(next);
}

void Session::KeepWits(const Ask& ask, Authorization& authorization, const WitSet& set,
                       std::vector<HeldWit>& next) const {
  const std::size_t granted = next.size();
  for (const HeldWit& held : set.held)
    if (StaysUndecided(ask, authorization, held.entry) && ask.now.boot < held.expires_at)
      next.push_back(held);
  if (next.size() != granted) SortByPriority(next);
}

}  // namespace surety
