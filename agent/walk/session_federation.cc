// Bundles of other trust domains: the rest of Session.

#include <algorithm>
#include <iterator>

#include "agent/walk/authorize.h"
#include "surety/session.h"

namespace surety {
namespace {

void AddTo(TrustDomains& all, const TrustDomains& more) {
  if (more.empty()) return;
  TrustDomains both;
  std::ranges::set_union(all, more, std::back_inserter(both));
  all = std::move(both);
}

bool Granted(const EntryDecision& one) {
  return one.entry && one.decision.verdict == Verdict::kAllow;
}

}  // namespace

// Where "could not tell" is said of an entry, it keeps what it had, as an SVID is kept.
void Session::GrantBundles(const Authorization& authorization, const Attestation& seen) {
  Matched next;
  for (const EntryDecision& one : authorization.entries)
    if (Granted(one) && !one.entry->federates_with.empty()) next.push_back(one.entry);
  for (const auto& entry : federating_) {
    const auto at = std::ranges::find_if(authorization.entries, [&](const EntryDecision& one) {
      return one.entry && one.entry->id == entry->id;
    });
    const bool waits = at == authorization.entries.end()
                           ? StillWaits(*entry, seen)
                           : at->decision.verdict == Verdict::kUndecided;
    if (waits) next.push_back(entry);
  }
  federating_ = std::move(next);
}

void Session::ShowBundles(Turn& turn) const {
  TrustDomains others;
  for (const auto& entry : federating_) AddTo(others, entry->federates_with);
  turn.bundle_update = parts_.bundles.Bundles();
  turn.token_bundle_update = parts_.tokens.Bundles();
  if (parts_.wits != nullptr) turn.wit_bundle_update = parts_.wits->Bundles();
  if (others.empty()) return;
  turn.bundle_update = parts_.federation.Add(others, std::move(turn.bundle_update));
  turn.token_bundle_update = parts_.federation.Add(others, std::move(turn.token_bundle_update));
  if (turn.wit_bundle_update)
    turn.wit_bundle_update = parts_.federation.AddWits(others, std::move(turn.wit_bundle_update));
}

std::shared_ptr<const BundleSet> Session::BundlesFor(const std::vector<Held>& held) const {
  TrustDomains others;
  for (const Held& one : held) AddTo(others, one.entry->federates_with);
  auto own = parts_.bundles.Bundles();
  return others.empty() ? own : parts_.federation.Add(others, std::move(own));
}

}  // namespace surety
