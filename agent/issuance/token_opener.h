#pragma once

#include <string>

#include "agent/identity/key_uri.h"
#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// What it takes to open a key in a token.
struct TokenQuestion {
  KeyUri uri;
  SecretBytes pin;  ///< With a zero byte at its end; nothing else: none.

  [[nodiscard]] const char* PinText() const {
    return reinterpret_cast<const char*>(pin.Reveal().data());
  }
  [[nodiscard]] bool has_pin() const { return pin.Reveal().size() > 1; }
};

/// Opens the key with OpenSSL's engine "pkcs11" or its provider "tpm2", which are loaded now
/// and stay. The host's openssl.cnf is not read. kPermissionDenied if the token refused the
/// PIN; else kUnavailable with the library's reasons. For a process of its own: it sets
/// environment variables and ends with the key.
Result<PKeyContextPtr> OpenTokenKey(TokenQuestion& question);

/// The signature of a digest of SHA-256 or SHA-384, told by its length.
Result<std::string> SignWithToken(EVP_PKEY_CTX& key, std::string_view digest);

}  // namespace surety
