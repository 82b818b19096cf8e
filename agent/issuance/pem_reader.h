#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// The DER inside one PEM block, in OpenSSL's secure heap where that is set up;
/// wiped on destruction.
class PemContent {
 public:
  PemContent(unsigned char* bytes, std::size_t size) : bytes_(bytes, Wipe{size}) {}
  [[nodiscard]] std::span<const std::uint8_t> Reveal() const {
    return {bytes_.get(), bytes_.get_deleter().size};
  }

 private:
  struct Wipe {
    std::size_t size;
    void operator()(unsigned char* bytes) const { OPENSSL_secure_clear_free(bytes, size); }
  };
  std::unique_ptr<unsigned char, Wipe> bytes_;
};

struct PemBlock {
  std::string label;  ///< "CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY" …
  PemContent content;
};

/// Reads PEM (RFC 7468) block by block; text between blocks is skipped. Borrows
/// the text. Never asks for a passphrase.
class PemReader {
 public:
  enum class Place {
    kHeap,        ///< For certificates, which are no secret and may be many.
    kSecureHeap,  ///< For keys.
  };
  PemReader(std::span<const std::uint8_t> text, Place place);

  /// Empty at the end of the text. kInvalidArgument for a block that is cut off,
  /// damaged or encrypted.
  Result<std::optional<PemBlock>> Next();

 private:
  BioPtr text_;
  unsigned flags_;
};

/// Reads a file of certificates and nothing else. kInvalidArgument if there is
/// none or another thing among them; kResourceExhausted above 200.
Result<std::vector<CertificatePtr>> ParseCertificates(std::span<const std::uint8_t> text);

/// Reads one DER certificate that fills `der`. kInvalidArgument otherwise.
Result<CertificatePtr> ParseCertificate(std::span<const std::uint8_t> der);

/// Reads the first private key in a file: PKCS#8, SEC 1 or PKCS#1, unencrypted.
/// kInvalidArgument otherwise.
Result<PKeyPtr> ParsePrivateKey(std::span<const std::uint8_t> text);

/// The URIs among the certificate's alternative names.
std::vector<std::string> UriNamesOf(const X509& certificate);

}  // namespace surety
