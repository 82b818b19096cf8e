#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/jws_algorithm.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// A JWT-SVID of which only the form is known: nobody has looked at its signature.
struct UnverifiedJwt {
  const JwsAlgorithm* algorithm;  ///< Never null.
  std::string key_id;
  SpiffeId subject;
  std::vector<std::string> audiences;  ///< Not empty.
  WallTime expires_at;
  WallTime not_before;           ///< Of nbf and iat the later; the beginning of time without both.
  nlohmann::json claims;         ///< All of them; "aud" is a list.
  std::string_view signed_text;  ///< Of the token that was read.
  std::string signature;
};

inline constexpr std::size_t kLongestToken = 32'768;

/// Reads foreign bytes as a token in JWS Compact Serialization: of at most kLongestToken
/// bytes, exactly three parts in strict base64url, the algorithm on the list before
/// anything else is looked at (JWT-SVID.md section 4), no header but alg, kid and typ,
/// strict JSON (strict_json.h), and the claims that section 3 demands, each of its type.
/// kInvalidArgument says what is wrong. Borrows `token`. Pure.
Result<UnverifiedJwt> ParseJwt(std::string_view token);

}  // namespace surety
