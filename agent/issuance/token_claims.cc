#include "agent/issuance/token_claims.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/openssl_handles.h"

namespace surety {
namespace {

constexpr std::size_t kTokenIdSize = 16;

Result<std::string> RandomTokenId() {
  std::array<unsigned char, kTokenIdSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return OpenSslError(ErrorCode::kInternal, "drawing a token's id");
  return Base64Url(AsText(bytes));
}

}  // namespace

std::int64_t SecondsOf(WallTime time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

Result<TokenClaims> NewTokenClaims(const Entry& entry, std::string_view ttl_name, Seconds ttl,
                                   WallTime key_expires_at, WallTime now) {
  const auto refuse = [&entry](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + what);
  };
  if (entry.spiffe_id.path().empty()) return refuse("a workload's SPIFFE ID needs a path");
  if (ttl <= Seconds::zero()) return refuse(std::string(ttl_name) + " is not positive");
  const WallTime issued_at = std::chrono::floor<Seconds>(now);
  const auto left = std::chrono::floor<Seconds>(key_expires_at) - issued_at;
  if (left <= Seconds::zero())
    return Error(ErrorCode::kUnavailable,
                 "the key that signs tokens expired at " + DateText(key_expires_at));
  auto id = RandomTokenId();
  if (!id) return id.error();
  return TokenClaims{.token_id = *std::move(id),
                     .issued_at = issued_at,
                     .expires_at = issued_at + std::min<WallTime::duration>(ttl, left)};
}

}  // namespace surety
