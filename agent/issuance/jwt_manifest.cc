#include "agent/issuance/jwt_manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "agent/issuance/base64url.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kThumbprintSize = 32;

Error Damaged(const std::string& what) { return {ErrorCode::kDataLoss, what}; }

bool HasKeys(const Json& object, std::initializer_list<const char*> keys) {
  return object.is_object() && object.size() == keys.size() &&
         std::ranges::all_of(keys, [&](const char* key) { return object.contains(key); });
}

std::optional<WallTime> TimeIn(const Json& json) {
  constexpr std::int64_t kMost = 9'000'000'000;  // Within the range of WallTime.
  if (!json.is_number_integer()) return std::nullopt;
  const auto seconds = json.get<std::int64_t>();
  if (seconds < 0 || seconds > kMost) return std::nullopt;
  return WallTime(Seconds(seconds));
}

std::int64_t SecondsOf(WallTime time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

Result<JwtManifest::Item> ParseItem(const Json& json) {
  if (!HasKeys(json, {"kid", "phase", "not_before", "not_after", "published"}) ||
      !json["kid"].is_string() || !json["phase"].is_string() || !json["published"].is_boolean())
    return Damaged("a key is not {kid, phase, not_before, not_after, published}");
  auto key_id = json["kid"].get<std::string>();
  const auto thumbprint = DecodeBase64Url(key_id);
  if (!thumbprint || thumbprint->size() != kThumbprintSize)
    return Damaged("a key's kid is not a thumbprint of RFC 7638");
  const auto phase = PhaseNamed(json["phase"].get<std::string>());
  if (!phase) return Damaged("a key's phase is none of prepared, active, retired");
  const auto not_before = TimeIn(json["not_before"]);
  const auto not_after = TimeIn(json["not_after"]);
  if (!not_before || !not_after) return Damaged("a key's time is not in seconds since 1970");
  return JwtManifest::Item{.key_id = std::move(key_id),
                           .phase = *phase,
                           .not_before = *not_before,
                           .not_after = *not_after,
                           .published = json["published"].get<bool>()};
}

}  // namespace

Result<JwtManifest> ParseJwtManifest(std::string_view text) {
  if (text.size() > kLargestManifest) return Damaged("it is larger than any manifest");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Damaged("it is not JSON");
  if (!HasKeys(json, {"version", "trust_domain", "revision", "keys"}) ||
      !json["trust_domain"].is_string() || !json["revision"].is_number_unsigned() ||
      !json["keys"].is_array())
    return Damaged("it must have version, trust_domain, revision and keys, and nothing else");
  if (json["version"] != kVersion) return Damaged("its version is not 1");
  JwtManifest manifest{.trust_domain = json["trust_domain"].get<std::string>(),
                       .revision = json["revision"].get<std::uint64_t>(),
                       .keys = {}};
  std::set<std::string> names;
  int active = 0;
  for (const Json& element : json["keys"]) {
    auto item = ParseItem(element);
    if (!item) return item.error();
    if (!names.insert(item->key_id).second) return Damaged(item->key_id + " stands twice");
    if (item->phase == Phase::kActive) ++active;
    manifest.keys.push_back(*std::move(item));
  }
  if (active > 1) return Damaged("more than one key is active");
  return manifest;
}

std::string PrintJwtManifest(const JwtManifest& manifest) {
  Json json{{"version", kVersion},
            {"trust_domain", manifest.trust_domain},
            {"revision", manifest.revision},
            {"keys", Json::array()}};
  for (const JwtManifest::Item& item : manifest.keys) {
    json["keys"].push_back({{"kid", item.key_id},
                            {"phase", NameOf(item.phase)},
                            {"not_before", SecondsOf(item.not_before)},
                            {"not_after", SecondsOf(item.not_after)},
                            {"published", item.published}});
  }
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace surety
