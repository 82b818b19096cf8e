#include "agent/issuance/jwt_parser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/strict_json.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestKeyName = 1'024;
constexpr std::size_t kMostParts = 3;

Error Wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  // Header and claims with the dot between.
};

Result<Parts> Split(std::string_view token) {
  if (token.size() > kLongestToken) return Wrong("the token is longer than 32768 bytes");
  if (std::ranges::count(token, '.') != kMostParts - 1)
    return Wrong("the token does not have exactly three parts");
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  return Parts{.header = token.substr(0, first),
               .claims = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_text = token.substr(0, second)};
}

Result<Json> ObjectIn(std::string_view encoded, const char* what) {
  const auto text = DecodeBase64Url(encoded);
  if (!text) return Wrong(std::string("the token's ") + what + " is not base64url");
  auto object = ParseStrictObject(*text);
  if (!object) return object.error().Within(std::string("the token's ") + what);
  return object;
}

Result<const JwsAlgorithm*> AlgorithmOf(const Json& header) {
  const auto name = header.find("alg");
  if (name == header.end() || !name->is_string()) return Wrong("the token names no algorithm");
  const JwsAlgorithm* algorithm = FindJwsAlgorithm(name->get_ref<const std::string&>());
  if (algorithm == nullptr) return Wrong("the token's algorithm is not one of those allowed");
  return algorithm;
}

Result<std::string> KeyNameOf(const Json& header) {
  constexpr std::array<std::string_view, 3> kKnown{"alg", "kid", "typ"};
  for (const auto& [name, value] : header.items()) {
    if (std::ranges::find(kKnown, name) == kKnown.end())
      return Wrong("the token has a header other than alg, kid and typ");
    if (!value.is_string()) return Wrong("a header of the token is not a string");
  }
  if (const auto type = header.find("typ");
      type != header.end() && *type != "JWT" && *type != "JOSE")
    return Wrong("the token's type is neither JWT nor JOSE");
  const auto key = header.find("kid");
  if (key == header.end()) return Wrong("the token names no key");
  auto name = key->get<std::string>();
  if (name.empty() || name.size() > kLongestKeyName) return Wrong("the token's key has no name");
  return name;
}

// A NumericDate (RFC 7519 section 2), which may have a fraction.
std::optional<WallTime> TimeOf(const Json& value) {
  constexpr double kEnd = 253'402'300'800;  // The year 10000.
  if (!value.is_number()) return std::nullopt;
  const double seconds = value.get<double>();
  if (!(seconds >= 0 && seconds < kEnd)) return std::nullopt;
  constexpr double kNanosecondsEnd = 9.2e9;  // Of what WallTime can hold, in seconds: 2262.
  return WallTime(std::chrono::nanoseconds(
      static_cast<std::int64_t>(std::min(seconds, kNanosecondsEnd) * 1e9)));
}

Result<void> ReadAudiences(Json& claims, std::vector<std::string>& out) {
  const auto at = claims.find("aud");
  if (at == claims.end()) return Wrong("the token has no audience");
  if (at->is_string()) *at = Json::array({*at});
  if (!at->is_array() || at->empty() ||
      !std::ranges::all_of(*at, [](const Json& one) { return one.is_string(); }))
    return Wrong("the token's audience is neither a string nor a list of strings");
  out = at->get<std::vector<std::string>>();
  return {};
}

Result<SpiffeId> SubjectOf(const Json& claims) {
  const auto at = claims.find("sub");
  if (at == claims.end() || !at->is_string()) return Wrong("the token has no subject");
  auto id = SpiffeId::Parse(at->get_ref<const std::string&>());
  if (!id) return id.error().Within("the token's subject is not a SPIFFE ID");
  if (id->path().empty()) return Wrong("the token's subject is no workload");
  return id;
}

Result<void> ReadTimes(const Json& claims, UnverifiedJwt& out) {
  const auto expiry = claims.find("exp");
  const auto expires_at = expiry == claims.end() ? std::nullopt : TimeOf(*expiry);
  if (!expires_at) return Wrong("the token has no time of expiry");
  out.expires_at = *expires_at;
  // Made in the future is not valid yet, as when the clock was ahead.
  for (const char* name : {"nbf", "iat"}) {
    const auto begin = claims.find(name);
    if (begin == claims.end()) continue;
    const auto time = TimeOf(*begin);
    if (!time) return Wrong("the token's " + std::string(name) + " is not a time");
    out.not_before = std::max(out.not_before, *time);
  }
  return {};
}

}  // namespace

Result<UnverifiedJwt> ParseJwt(std::string_view token) {
  const auto parts = Split(token);
  if (!parts) return parts.error();
  const auto header = ObjectIn(parts->header, "header");
  if (!header) return header.error();
  const auto algorithm = AlgorithmOf(*header);
  if (!algorithm) return algorithm.error();
  auto key_id = KeyNameOf(*header);
  if (!key_id) return key_id.error();
  auto signature = DecodeBase64Url(parts->signature);
  if (!signature || signature->empty()) return Wrong("the token's signature is not base64url");
  auto claims = ObjectIn(parts->claims, "claims");
  if (!claims) return claims.error();
  auto subject = SubjectOf(*claims);
  if (!subject) return subject.error();
  UnverifiedJwt out{.algorithm = *algorithm,
                    .key_id = *std::move(key_id),
                    .subject = *std::move(subject),
                    .audiences = {},
                    .expires_at = {},
                    .not_before = {},
                    .claims = *std::move(claims),
                    .signed_text = parts->signed_text,
                    .signature = *std::move(signature)};
  if (auto read = ReadAudiences(out.claims, out.audiences); !read) return read.error();
  if (auto read = ReadTimes(out.claims, out); !read) return read.error();
  return out;
}

}  // namespace surety
