#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// The public half of the key that signs checkpoints: ECDSA on P-256 with
/// SHA-256. Cheap to copy; thread-safe.
class CheckpointPublicKey {
 public:
  /// Reads what Pem() wrote, byte for byte; kInvalidArgument for anything else.
  static Result<CheckpointPublicKey> ParsePem(std::string_view pem);
  /// From an uncompressed point (SEC 1 section 2.3.3). kInvalidArgument if it is
  /// not on the curve.
  static Result<CheckpointPublicKey> FromPoint(std::string_view point);

  /// SHA-256 of the SubjectPublicKeyInfo, lower-case hex.
  [[nodiscard]] const std::string& id() const { return id_; }
  /// "BEGIN PUBLIC KEY" (RFC 7468 section 13), as openssl pkey -pubin reads it.
  [[nodiscard]] std::string Pem() const;
  /// Whether `signature`, DER in lower-case hex, is this key's over `text`.
  [[nodiscard]] bool Verifies(std::string_view text, std::string_view signature) const;

 private:
  CheckpointPublicKey() = default;
  std::string der_;
  std::string id_;
  std::shared_ptr<EVP_PKEY> key_;
};

/// The whole key. Its private half is in OpenSSL's secure heap where that is set
/// up (agent/issuance/key_memory.h). Thread-safe after construction.
class CheckpointKey {
 public:
  /// A new one, and its PKCS#8 for the caller to store. kInternal if the library fails.
  struct New;
  static Result<New> Make();
  /// From what Make() gave. kInvalidArgument for anything else.
  static Result<CheckpointKey> Parse(std::span<const std::uint8_t> pkcs8);

  [[nodiscard]] const CheckpointPublicKey& public_key() const { return public_key_; }
  /// DER in lower-case hex. kInternal if the library fails.
  [[nodiscard]] Result<std::string> Sign(std::string_view text) const;

 private:
  CheckpointKey(PKeyPtr key, CheckpointPublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  PKeyPtr key_;
  CheckpointPublicKey public_key_;
};

struct CheckpointKey::New {
  CheckpointKey key;
  SecretBytes pkcs8;
};

}  // namespace surety
