#include "agent/issuance/wit_mint.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/issuance/p256_jwk.h"
#include "agent/issuance/token_claims.h"

namespace surety {

Result<WitSvid> MintWitSvid(const JwtKey& key, WallTime key_expires_at, const Entry& entry,
                            WallTime now) {
  auto common = NewTokenClaims(entry, "wit_ttl", entry.wit_ttl, key_expires_at, now);
  if (!common) return common.error();
  const auto own = GenerateP256Key();
  if (!own) return own.error();
  P256Jwks jwks = JwksOf(*own);
  const nlohmann::ordered_json claims{
      {"cnf", {{"jwk", nlohmann::ordered_json::parse(jwks.public_jwk)}}},
      {"exp", SecondsOf(common->expires_at)},
      {"iat", SecondsOf(common->issued_at)},
      {"jti", common->token_id},
      {"sub", entry.spiffe_id.Text()}};
  auto token =
      key.Sign(claims.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  if (!token) return token.error();
  return WitSvid{.id = entry.spiffe_id,
                 .hint = entry.hint,
                 .token_id = std::move(common->token_id),
                 .key_id = key.id(),
                 .issued_at = common->issued_at,
                 .expires_at = common->expires_at,
                 .token = *std::move(token),
                 .key_jwk = std::move(jwks.private_jwk)};
}

}  // namespace surety
