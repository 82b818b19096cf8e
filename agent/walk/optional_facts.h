#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "surety/attestor.h"
#include "surety/entry.h"
#include "surety/scope.h"

namespace surety {

// Optional attestors (Attestor::optional). While one does not answer, an entry that rests
// on its selectors is not decided, neither granted nor taken away; any other is decided as
// if the attestor were not there.

/// What is to be looked at for the sake of `entry`: without what an optional attestor
/// could not say, unless the entry rests on that. nullopt where that is all of `seen`.
std::optional<Attestation> SeenFor(const Entry& entry, const Attestation& seen);

/// Whether all that keeps this process from matching `entry` may be what an optional
/// attestor could not say.
bool WaitsForOptional(const Entry& entry, const Attestation& seen);

/// What is pinned of these selectors: not those of optional attestors.
SelectorSet PinnedOf(const std::vector<std::unique_ptr<Attestor>>& attestors,
                     const SelectorSet& selectors);

/// The drift, but for selectors of optional attestors.
Drift PinnedDrift(const std::vector<std::unique_ptr<Attestor>>& attestors, const Scope& pinned,
                  const SelectorSet& seen);

}  // namespace surety
