#include "agent/command/checked_wit.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/strict_json.h"

namespace surety {
namespace {

using Object = nlohmann::json;

constexpr std::size_t kLongestWit = 32'768;
constexpr std::int64_t kLastSecond = 9'000'000'000;  // Of what WallTime can hold.

Error WrongWit(const std::string& what) {
  return {ErrorCode::kDataLoss, "the daemon's answer: a WIT-SVID " + what};
}

std::optional<Object> ObjectOf(std::string_view encoded) {
  const auto text = DecodeBase64Url(encoded);
  if (!text) return std::nullopt;
  auto object = ParseStrictObject(*text);
  if (!object) return std::nullopt;
  return *std::move(object);
}

std::string TextAt(const Object& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const Object& MemberOf(const Object& object, const char* name) {
  static const Object none = Object::object();
  const auto at = object.find(name);
  return at != object.end() && at->is_object() ? *at : none;
}

// Whether `key` is the private half of `named`, by what both say of the public one.
bool IsOf(const Object& key, const Object& named) {
  constexpr std::array kOfElliptic{"crv", "x", "y"};
  constexpr std::array kOfRsa{"n", "e"};
  const auto same = [&](const char* name) {
    return !TextAt(key, name).empty() && TextAt(key, name) == TextAt(named, name);
  };
  if (!same("kty") || TextAt(key, "d").empty() || named.contains("d")) return false;
  if (TextAt(key, "kty") == "EC") return std::ranges::all_of(kOfElliptic, same);
  return std::ranges::all_of(kOfRsa, same);
}

std::optional<WallTime> EndOf(const Object& claims) {
  const auto at = claims.find("exp");
  if (at == claims.end() || !at->is_number()) return std::nullopt;
  const double seconds = at->get<double>();
  if (!(seconds >= 0 && seconds < static_cast<double>(kLastSecond))) return std::nullopt;
  return WallTime(Seconds(static_cast<std::int64_t>(seconds)));
}

}  // namespace

Result<CheckedWit> CheckWit(DeliveredWit given) {
  const std::string_view token(given.token);
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > kLongestWit || second == std::string_view::npos)
    return WrongWit("is not three parts");
  const auto header = ObjectOf(token.substr(0, first));
  const auto claims = ObjectOf(token.substr(first + 1, second - first - 1));
  if (!header || !claims) return WrongWit("is not JSON in base64url");
  if (TextAt(*header, "typ") != "wit+jwt") return WrongWit("is of another type");
  if (TextAt(*header, "kid").empty()) return WrongWit("does not name the key that signed it");
  if (TextAt(*claims, "sub") != given.spiffe_id) return WrongWit("is not that of its SPIFFE ID");
  if (claims->contains("aud")) return WrongWit("has an audience");
  const auto expires_at = EndOf(*claims);
  if (!expires_at) return WrongWit("has no end");
  const Object& named = MemberOf(MemberOf(*claims, "cnf"), "jwk");
  const auto bytes = given.key_jwk.Reveal();
  auto key = ParseStrictObject({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const bool fits = key && IsOf(*key, named);
  if (key && key->contains("d") && (*key)["d"].is_string()) {
    auto& secret = (*key)["d"].get_ref<std::string&>();
    ::explicit_bzero(secret.data(), secret.size());
  }
  if (!fits) return WrongWit("names another key than the one that came with it");
  return CheckedWit{.spiffe_id = std::move(given.spiffe_id),
                    .hint = std::move(given.hint),
                    .token = std::move(given.token),
                    .key_jwk = std::move(given.key_jwk),
                    .key_algorithm = TextAt(named, "alg"),
                    .expires_at = *expires_at};
}

}  // namespace surety
