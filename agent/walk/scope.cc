#include "surety/scope.h"

#include <algorithm>

namespace surety {

std::vector<std::string> Drift::Kinds() const {
  std::vector<std::string> kinds;
  for (const SelectorSet* side : {&gained, &lost})
    for (const Selector& selector : *side) kinds.push_back(selector.Kind());
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

Drift DriftBetween(const Scope& pinned, const SelectorSet& seen) {
  return {.gained = seen.Minus(pinned.selectors), .lost = pinned.selectors.Minus(seen)};
}

}  // namespace surety
