#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/openssl_pointer.h"

namespace conformance {

/// Certificates in DER, one after the other and nothing else. None if a byte is left
/// over, or if there is no certificate.
std::optional<std::vector<Certificate>> ReadCertificates(const std::string& der);

/// An unencrypted PKCS#8 key in DER and nothing else; null if it is not that.
Key ReadPkcs8(const std::string& der);

/// Whether this is one CRL in DER and nothing else.
bool IsCrl(const std::string& der);

/// The URIs among the alternative names.
std::vector<std::string> UriNames(const X509* certificate);

bool IsCa(const X509* certificate);

/// The bits of the key usage as KU_* of OpenSSL has them; none if there is no key usage.
std::optional<unsigned> KeyUsage(const X509* certificate);

bool IsCritical(const X509* certificate, int nid);

/// The object numbers (NID_*) of the extended key usage; none if there is none.
std::optional<std::vector<int>> ExtendedKeyUsage(const X509* certificate);

/// Why `chain` does not lead to `bundle` now (RFC 5280); empty if it does.
std::string PathProblem(const std::vector<Certificate>& chain,
                        const std::vector<Certificate>& bundle);

}  // namespace conformance
