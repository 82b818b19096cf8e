#pragma once

#include <string>
#include <vector>

#include "agent/issuance/signer.h"
#include "surety/spiffe_id.h"

namespace surety {

/// Signs an SVID that nobody gets, with a key that is gone already, and verifies
/// it under `roots` as a peer would (RFC 5280 section 6). kInvalidArgument says
/// why peers would refuse what this signer signs.
Result<void> TrySvidUnder(const Signer& signer, const std::vector<std::string>& roots,
                          const TrustDomain& trust_domain, WallTime now);

}  // namespace surety
