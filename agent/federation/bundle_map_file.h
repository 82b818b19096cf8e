#pragma once

#include <optional>
#include <vector>

#include "agent/federation/bundle_map.h"
#include "agent/identity/diagnostic.h"

namespace surety {

/// Reads the bundle map at `here.file()`, which belongs to root or to our own uid and which
/// nobody else can write: whoever writes it says whom workloads believe. None of `followed` may
/// be in it, for their bundles come from their endpoints. nullopt after adding what is wrong.
std::optional<BundleMap> ReadBundleMapFile(const TrustDomain& own,
                                           const std::vector<TrustDomain>& followed,
                                           FileDiagnostics& here);

}  // namespace surety
