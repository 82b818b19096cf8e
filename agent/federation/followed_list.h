#pragma once

#include <string>
#include <vector>

#include "agent/federation/foreign_bundles.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// Remembers in `state_dir` whose endpoints are followed, and deletes the bundles of those that
/// were and are no more (SPIFFE_Federation.md section 6.3); tells whose. The errors are those
/// of AuthorityFolder and of ForeignBundles::Delete(); to be tried again then.
Result<std::vector<TrustDomain>> EndUnfollowed(const std::string& state_dir, ForeignBundles& held,
                                               const std::vector<TrustDomain>& followed);

}  // namespace surety
