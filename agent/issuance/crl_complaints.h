#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/issuance/signed_crl.h"
#include "agent/issuance/signer.h"
#include "surety/clock.h"
#include "surety/sanction.h"

namespace surety {

/// What is revoked and yet on no CRL, and why, in plain sentences for an operator:
/// authorities that may not sign CRLs, SVIDs of authorities whose key we do not
/// hold, serials that are none. Empty if all is well.
std::vector<std::string> ComplaintsAbout(std::span<const SignedCrl> crls,
                                         std::span<const std::shared_ptr<const Signer>> signers,
                                         std::span<const Revocation> revocations, WallTime now);

}  // namespace surety
