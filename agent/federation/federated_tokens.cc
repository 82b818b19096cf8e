#include "agent/federation/federated_tokens.h"

#include <nlohmann/json.hpp>

#include "agent/issuance/jwt_parser.h"

namespace surety {

// Our own first: they are most, and cost nothing more than without federation.
Result<ValidatedToken> FederatedTokens::Validate(std::string_view token, std::string_view audience,
                                                 WallTime now) const {
  auto own = own_.Validate(token, audience, now);
  if (own) return own;
  const auto parsed = ParseJwt(token);
  if (!parsed) return own;
  const auto bundle = held_.Current()->Find(parsed->subject.trust_domain().name());
  if (!bundle || bundle->jwt_key_ring->empty()) return own;
  auto believed = VerifyParsedJwt(*parsed, audience, *bundle->jwt_key_ring, now);
  if (!believed) return believed;
  nlohmann::json kept;
  for (const char* name : {"sub", "aud", "exp"}) kept[name] = parsed->claims[name];
  believed->claims = kept.dump();
  believed->foreign = true;
  return believed;
}

}  // namespace surety
