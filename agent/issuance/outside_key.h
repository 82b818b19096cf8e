#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// A private key that this process can ask for signatures and cannot read: it lies in a
/// PKCS#11 token or in a TPM, which may go away and come back. Thread-safe.
class OutsideKey {
 public:
  virtual ~OutsideKey() = default;

  /// Signs a digest of SHA-256 or SHA-384: ECDSA in DER, or RSA PKCS#1 v1.5. What it returns
  /// has been verified. kUnavailable while the key does not answer, and for one that has not
  /// answered in time: after a bounded wait, and at once from the second time on.
  virtual Result<std::string> Sign(std::string_view digest) = 0;

  /// Whether it has answered when it was last asked. The error names key, reason and what to
  /// do; kInvalidArgument if it is another key than the one that was asked for.
  [[nodiscard]] virtual Result<void> Answers() const = 0;

  /// How often it has begun to answer.
  [[nodiscard]] virtual std::uint64_t beginnings() const = 0;

  /// Tries now what else would be tried later, and a PIN again that was refused.
  virtual void TryAgain() = 0;
};

/// Gives the key whose public part is `expected`, whether it answers or not: the same object
/// as long as that does not change, so that a reload loses nothing.
using OutsideKeyOpener = std::function<std::shared_ptr<OutsideKey>(EVP_PKEY& expected)>;

}  // namespace surety
