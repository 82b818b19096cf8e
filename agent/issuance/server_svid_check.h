#pragma once

#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// Whether `chain` (DER, the server's own certificate first) is a valid X509-SVID of exactly
/// `id` under `authorities` (DER) and nothing else, at `now` (X509-SVID.md section 5).
/// kPermissionDenied says why not; `chain` is foreign bytes.
Result<void> CheckServerSvid(const std::vector<std::string>& chain, const SpiffeId& id,
                             const std::vector<std::string>& authorities, WallTime now);

}  // namespace surety
