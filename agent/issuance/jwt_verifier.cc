#include "agent/issuance/jwt_verifier.h"

#include <algorithm>
#include <utility>

#include "agent/issuance/jwt_parser.h"

namespace surety {
namespace {

Error NotBelieved(const std::string& why) { return {ErrorCode::kInvalidArgument, why}; }

Result<EVP_PKEY*> KeyFor(const UnverifiedJwt& token, const JwtKeyRing& keys) {
  const auto bundle = keys.find(token.subject.trust_domain());
  if (bundle == keys.end())
    return NotBelieved("there is no bundle of " + token.subject.trust_domain().IdText());
  const auto key = bundle->second.find(token.key_id);
  if (key == bundle->second.end())
    return NotBelieved("no key of " + token.subject.trust_domain().IdText() +
                       " has the name that the token gives");
  return key->second.get();
}

}  // namespace

Result<ValidatedToken> VerifyJwt(std::string_view token, std::string_view audience,
                                 const JwtKeyRing& keys, WallTime now) {
  const auto parsed = ParseJwt(token);
  if (!parsed) return parsed.error();
  const auto key = KeyFor(*parsed, keys);
  if (!key) return key.error();
  if (auto verified = VerifyJws(*parsed->algorithm, **key, parsed->signed_text, parsed->signature);
      !verified)
    return verified.error();
  if (std::ranges::find(parsed->audiences, audience) == parsed->audiences.end())
    return NotBelieved("the token is for another audience");
  if (now >= parsed->expires_at + kTokenLeeway) return NotBelieved("the token has expired");
  if (now + kTokenLeeway < parsed->not_before) return NotBelieved("the token is not valid yet");
  return ValidatedToken{.id = parsed->subject, .claims = parsed->claims.dump()};
}

}  // namespace surety
