#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// A key pair on NIST P-256 (SEC 2 secp256r1), as bytes.
struct P256Key {
  std::string public_point;  ///< 65 bytes: 0x04, x, y (SEC 1 section 2.3.3, uncompressed).
  SecretBytes pkcs8;         ///< DER PrivateKeyInfo (RFC 5208) around ECPrivateKey (RFC 5915).
};

/// The private half of `key`, 32 bytes big-endian (SEC 1 section 2.3.7), in its own memory.
std::span<const std::uint8_t> PrivateScalarOf(const P256Key& key);

/// Size of every P256Key::pkcs8.
inline constexpr std::size_t kP256Pkcs8Size = 138;

/// Makes a new key pair from OpenSSL's random generator. Thread-safe: each
/// thread keeps a generator context of its own. Every copy of the private
/// scalar except the one in `pkcs8` is wiped before this returns. kInternal if
/// the library fails.
Result<P256Key> GenerateP256Key();

/// Makes the library's key from what GenerateP256Key() wrote, byte for byte the
/// same encoding; kInvalidArgument for any other. The scalar goes to OpenSSL's
/// secure heap where that is set up (key_memory.h) and to nowhere else.
Result<PKeyPtr> LoadP256Key(std::span<const std::uint8_t> pkcs8);

/// The SubjectPublicKeyInfo (RFC 5480) of an uncompressed point, up to the point.
extern const std::string_view kP256PublicKeyPrefix;

}  // namespace surety
