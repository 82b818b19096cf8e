#include "agent/walk/optional_facts.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace surety {
namespace {

std::string_view TypeOf(std::string_view kind) { return kind.substr(0, kind.find(':')); }

bool RestsOn(const Entry& entry, std::string_view type) {
  const auto selects = [&](const Selector& selector) { return selector.type == type; };
  const auto pins = [&](const std::string& kind) { return TypeOf(kind) == type; };
  return std::ranges::any_of(entry.selectors, selects) ||
         (entry.pins && std::ranges::any_of(*entry.pins, pins));
}

bool IsOfOptional(const std::vector<std::unique_ptr<Attestor>>& attestors, std::string_view type) {
  return std::ranges::any_of(attestors, [&](const std::unique_ptr<Attestor>& one) {
    return one->optional() && one->name() == type;
  });
}

}  // namespace

std::optional<Attestation> SeenFor(const Entry& entry, const Attestation& seen) {
  const auto idle = [&](const MissingFact& fact) {
    return fact.optional && !RestsOn(entry, TypeOf(fact.kind));
  };
  if (std::ranges::none_of(seen.missing, idle)) return std::nullopt;
  Attestation out = seen;
  std::erase_if(out.missing, idle);
  return out;
}

bool WaitsForOptional(const Entry& entry, const Attestation& seen) {
  bool waits = false;
  for (const Selector& selector : entry.selectors) {
    if (seen.selectors.Contains(selector)) continue;
    const bool missing = std::ranges::any_of(seen.missing, [&](const MissingFact& fact) {
      return fact.optional && (fact.kind == selector.type || fact.kind == selector.Kind());
    });
    if (!missing) return false;
    waits = true;
  }
  return waits;
}

SelectorSet PinnedOf(const std::vector<std::unique_ptr<Attestor>>& attestors,
                     const SelectorSet& selectors) {
  if (std::ranges::none_of(attestors, &Attestor::optional)) return selectors;
  std::vector<Selector> pinned;
  std::ranges::copy_if(selectors, std::back_inserter(pinned), [&](const Selector& selector) {
    return !IsOfOptional(attestors, selector.type);
  });
  return SelectorSet(std::move(pinned));
}

Drift PinnedDrift(const std::vector<std::unique_ptr<Attestor>>& attestors, const Scope& pinned,
                  const SelectorSet& seen) {
  const Drift whole = DriftBetween(pinned, seen);
  return {.gained = PinnedOf(attestors, whole.gained), .lost = PinnedOf(attestors, whole.lost)};
}

}  // namespace surety
