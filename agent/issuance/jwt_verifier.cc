#include "agent/issuance/jwt_verifier.h"

#include <algorithm>
#include <utility>

namespace surety {
namespace {

Error NotBelieved(const std::string& why) { return {ErrorCode::kInvalidArgument, why}; }

}  // namespace

Result<ValidatedToken> VerifyJwt(std::string_view token, std::string_view audience,
                                 const JwtKeyRing& keys, WallTime now) {
  const auto parsed = ParseJwt(token);
  if (!parsed) return parsed.error();
  const auto bundle = keys.find(parsed->subject.trust_domain());
  if (bundle == keys.end())
    return NotBelieved("there is no bundle of " + parsed->subject.trust_domain().IdText());
  return VerifyParsedJwt(*parsed, audience, bundle->second, now);
}

Result<ValidatedToken> VerifyParsedJwt(const UnverifiedJwt& token, std::string_view audience,
                                       const JwtKeys& keys, WallTime now) {
  const auto key = keys.find(token.key_id);
  if (key == keys.end())
    return NotBelieved("no key of " + token.subject.trust_domain().IdText() +
                       " has the name that the token gives");
  if (auto verified = VerifyJws(*token.algorithm, *key->second, token.signed_text, token.signature);
      !verified)
    return verified.error();
  if (std::ranges::find(token.audiences, audience) == token.audiences.end())
    return NotBelieved("the token is for another audience");
  if (now >= token.expires_at + kTokenLeeway) return NotBelieved("the token has expired");
  if (now + kTokenLeeway < token.not_before) return NotBelieved("the token is not valid yet");
  return ValidatedToken{.id = token.subject, .claims = token.claims.dump()};
}

}  // namespace surety
