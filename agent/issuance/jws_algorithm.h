#pragma once

#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// How one of the nine algorithms that JWT-SVIDs may be signed with works
/// (JWT-SVID.md section 2.1; RFC 7518 sections 3.3 to 3.5). There is no other: "none",
/// HMACs and EdDSA cannot be named.
struct JwsAlgorithm {
  enum class Family { kRsa, kRsaPss, kEcdsa };
  std::string_view name;
  Family family;
  const char* digest;
  const char* group;            ///< OpenSSL's name of the curve; null for RSA.
  std::size_t coordinate_size;  ///< Bytes of r and of s; zero for RSA.
};

/// Null for every name that is not on the list.
const JwsAlgorithm* FindJwsAlgorithm(std::string_view name);

/// Whether `signature` is one of `signed_text` by `key`. kInvalidArgument says why not,
/// also for a key of another kind than the algorithm's, and for RSA keys outside of 2048
/// to 8192 bits. Leaves nothing in OpenSSL's error queue.
Result<void> VerifyJws(const JwsAlgorithm& algorithm, EVP_PKEY& key, std::string_view signed_text,
                       std::string_view signature);

}  // namespace surety
