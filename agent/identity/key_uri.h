#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// A private key that lies in a PKCS#11 token or a TPM rather than in a file.
struct KeyUri {
  enum class Kind {
    kPkcs11,  ///< "pkcs11:token=surety;object=ca?pin-source=/run/ca.pin" (RFC 7512)
    kTpm2,    ///< "tpm2:handle=0x81000001?tcti=device:/dev/tpmrm0"
  };
  Kind kind = Kind::kPkcs11;
  /// The URI up to its query, for messages and for the token. No secret is in it.
  std::string name;
  std::uint32_t handle = 0;  ///< kTpm2: persistent (TPM 2.0 Structures, section 7.5).
  std::string module_path;   ///< kPkcs11: absolute; empty: what p11-kit is configured for.
  std::string tcti;          ///< kTpm2: how the TPM is reached, as tpm2-tools take it.
  std::string pin_source;    ///< An absolute path, or a credential; empty: no PIN.
};

/// The TPM that is used where the URI names none.
inline constexpr std::string_view kDefaultTcti = "device:/dev/tpmrm0";

/// Whether `text` is meant to be one rather than a path.
bool IsKeyUri(std::string_view text);

/// Reads one. kInvalidArgument says what is wrong and never repeats a PIN. What of RFC 7512
/// is not known is refused: a key must not be another than the one that was meant.
Result<KeyUri> ParseKeyUri(std::string_view text);

}  // namespace surety
