#pragma once

#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"

namespace surety {

/// A key of the kind that the algorithm needs: "ES384", "PS256"; another for each number.
/// RSA keys are made once, since that takes long.
PKeyPtr KeyForAlgorithm(std::string_view name, int number = 0);

/// A signature as RFC 7518 has it, made with OpenSSL's ordinary API.
std::string SignJws(std::string_view name, EVP_PKEY& key, std::string_view text);

}  // namespace surety
