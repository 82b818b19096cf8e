#pragma once

#include <memory>

#include "agent/issuance/signer.h"
#include "surety/secret_bytes.h"
#include "surety/spiffe_id.h"

namespace surety {

/// A new authority and its key in PKCS#8. The caller stores both durably before
/// it lets the signer sign.
struct NewRoot {
  std::shared_ptr<const Signer> signer;
  SecretBytes pkcs8;
};

/// Makes a P-256 authority for `trust_domain` with a self-signed certificate
/// (certificate_template.h). kInternal if the library fails.
Result<NewRoot> MakeRoot(const TrustDomain& trust_domain, WallTime not_before, WallTime not_after);

/// One authority as the text of its file: certificate and key in PEM.
SecretBytes PrintRoot(const NewRoot& root);

/// Reads what PrintRoot() wrote, at most kLargestRootFile bytes of it. Nothing
/// else is taken: kDataLoss says what is wrong with the file, including a
/// certificate of another trust domain and a key of another certificate.
Result<std::shared_ptr<const Signer>> ParseRoot(std::span<const std::uint8_t> text,
                                                const TrustDomain& trust_domain);
inline constexpr std::size_t kLargestRootFile = 16'384;

}  // namespace surety
