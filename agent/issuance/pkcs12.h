#pragma once

#include <string>
#include <vector>

#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// A key, its certificates (leaf first) and the leaf's friendly name as one PKCS#12 file
/// (RFC 7292), enciphered with the password by OpenSSL's defaults. kInvalidArgument if
/// key or certificates cannot be read or do not belong together; kInternal otherwise.
Result<SecretBytes> MakePkcs12(const SecretBytes& key_der,
                               const std::vector<std::string>& chain_der, const std::string& name,
                               const std::string& password);

}  // namespace surety
