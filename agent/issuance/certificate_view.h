#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// What a certificate says, for people to read. Nothing here has been verified.
struct CertificateView {
  std::string subject;    ///< RFC 2253, such as "CN=web,O=Example"; may be empty.
  std::string spiffe_id;  ///< The URI SAN; empty unless there is exactly one.
  std::vector<std::string> dns_names;
  std::string serial;    ///< Lower-case hex, no prefix.
  std::string key_type;  ///< "EC P-256", "RSA 2048", "Ed25519".
  WallTime not_before;
  WallTime not_after;
};

/// Splits concatenated DER certificates, without looking into them.
/// kInvalidArgument if there is none, if bytes are left over, or above
/// kMaxCertificates.
Result<std::vector<std::string>> SplitCertificates(std::string_view concatenated_der);
inline constexpr std::size_t kMaxCertificates = 1'000;

/// Reads one DER certificate. kInvalidArgument if it is none.
Result<CertificateView> ViewCertificate(std::string_view der);

/// Whether a PKCS#8 key belongs to a DER certificate (X509-SVID.md section 2).
/// kInvalidArgument if not, or if either cannot be read; says which.
Result<void> CheckKeyBelongsTo(const SecretBytes& key_der, std::string_view certificate_der);

/// The same bytes as PEM (RFC 7468). Needs nothing valid.
std::string CertificatePem(std::string_view der);
std::string CrlPem(std::string_view der);
SecretBytes PrivateKeyPem(const SecretBytes& key_der);

}  // namespace surety
