#include "agent/issuance/jwt_mint.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr std::size_t kTokenIdSize = 16;

Result<std::string> RandomTokenId() {
  std::array<unsigned char, kTokenIdSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return OpenSslError(ErrorCode::kInternal, "drawing a token's id");
  return Base64Url(AsText(bytes));
}

std::int64_t SecondsOf(WallTime time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

}  // namespace

Result<JwtSvid> MintJwtSvid(const JwtKey& key, WallTime key_expires_at, const Entry& entry,
                            std::span<const std::string> audiences, WallTime now,
                            std::string_view issuer) {
  const auto refuse = [&entry](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + what);
  };
  if (entry.spiffe_id.path().empty()) return refuse("a workload's SPIFFE ID needs a path");
  if (entry.jwt_ttl <= Seconds::zero()) return refuse("jwt_ttl is not positive");
  const WallTime issued_at = std::chrono::floor<Seconds>(now);
  const auto left = std::chrono::floor<Seconds>(key_expires_at) - issued_at;
  if (left <= Seconds::zero())
    return Error(ErrorCode::kUnavailable,
                 "the key that signs tokens expired at " + DateText(key_expires_at));
  const WallTime expires_at = issued_at + std::min<WallTime::duration>(entry.jwt_ttl, left);
  auto id = RandomTokenId();
  if (!id) return id.error();

  nlohmann::ordered_json claims{{"aud", audiences},
                                {"exp", SecondsOf(expires_at)},
                                {"iat", SecondsOf(issued_at)},
                                {"jti", *id},
                                {"sub", entry.spiffe_id.Text()}};
  if (!issuer.empty()) claims["iss"] = issuer;
  auto token =
      key.Sign(claims.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  if (!token) return token.error();
  SecretBytes secret(AsBytes(*token));
  ::explicit_bzero(token->data(), token->size());
  return JwtSvid{.id = entry.spiffe_id,
                 .hint = entry.hint,
                 .token_id = *std::move(id),
                 .key_id = key.id(),
                 .issued_at = issued_at,
                 .expires_at = expires_at,
                 .token = std::move(secret)};
}

}  // namespace surety
