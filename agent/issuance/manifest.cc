#include "agent/issuance/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kSerialDigits = 32;
constexpr std::size_t kDigestDigits = 64;

Error Damaged(const std::string& what) { return {ErrorCode::kDataLoss, what}; }

bool IsHex(const std::string& text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Whether `object` has exactly these keys.
bool HasKeys(const Json& object, std::initializer_list<const char*> keys) {
  return object.is_object() && object.size() == keys.size() &&
         std::ranges::all_of(keys, [&](const char* key) { return object.contains(key); });
}

Result<Manifest::Item> ParseItem(const Json& json) {
  if (!HasKeys(json, {"serial", "phase"}) || !json["serial"].is_string() ||
      !json["phase"].is_string()) {
    return Damaged("an authority is not {serial, phase}");
  }
  const auto phase = PhaseNamed(json["phase"].get<std::string>());
  auto serial = json["serial"].get<std::string>();
  if (!phase) return Damaged("an authority's phase is none of prepared, active, retired");
  if (!IsHex(serial, kSerialDigits)) {
    return Damaged("an authority's serial is not 32 lower-case hex digits");
  }
  return Manifest::Item{.serial = std::move(serial), .phase = *phase};
}

Result<void> ParsePublished(const Json& json, Manifest& manifest) {
  for (const Json& digest : json) {
    if (!digest.is_string() || !IsHex(digest.get<std::string>(), kDigestDigits)) {
      return Damaged("\"published\" holds something that is not a SHA-256");
    }
    manifest.published.push_back(digest.get<std::string>());
  }
  return {};
}

Result<void> ParseItems(const Json& json, Manifest& manifest) {
  std::set<std::string> serials;
  int active = 0;
  for (const Json& element : json) {
    auto item = ParseItem(element);
    if (!item) return item.error();
    if (!serials.insert(item->serial).second) return Damaged(item->serial + " stands twice");
    if (item->phase == Phase::kActive) ++active;
    manifest.authorities.push_back(*std::move(item));
  }
  if (active > 1) return Damaged("more than one authority is active");
  return {};
}

}  // namespace

std::string_view NameOf(Phase phase) {
  switch (phase) {
    case Phase::kPrepared: return "prepared";
    case Phase::kActive: return "active";
    case Phase::kRetired: return "retired";
  }
  return "unknown";
}

std::optional<Phase> PhaseNamed(std::string_view name) {
  for (const Phase phase : {Phase::kPrepared, Phase::kActive, Phase::kRetired}) {
    if (NameOf(phase) == name) return phase;
  }
  return std::nullopt;
}

Result<Manifest> ParseManifest(std::string_view text) {
  if (text.size() > kLargestManifest) return Damaged("it is larger than any manifest");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Damaged("it is not JSON");
  if (!HasKeys(json, {"version", "trust_domain", "bundle_revision", "published", "authorities"})) {
    return Damaged(
        "it must have version, trust_domain, bundle_revision, published and authorities, and "
        "nothing else");
  }
  if (json["version"] != kVersion) return Damaged("its version is not 1");
  if (!json["trust_domain"].is_string() || !json["bundle_revision"].is_number_unsigned() ||
      !json["published"].is_array() || !json["authorities"].is_array()) {
    return Damaged("a value is of the wrong type");
  }
  Manifest manifest{.trust_domain = json["trust_domain"].get<std::string>(),
                    .bundle_revision = json["bundle_revision"].get<std::uint64_t>(),
                    .published = {},
                    .authorities = {}};
  if (auto parsed = ParsePublished(json["published"], manifest); !parsed) return parsed.error();
  if (auto parsed = ParseItems(json["authorities"], manifest); !parsed) return parsed.error();
  return manifest;
}

std::string PrintManifest(const Manifest& manifest) {
  Json json{{"version", kVersion},
            {"trust_domain", manifest.trust_domain},
            {"bundle_revision", manifest.bundle_revision},
            {"published", manifest.published},
            {"authorities", Json::array()}};
  for (const Manifest::Item& item : manifest.authorities) {
    json["authorities"].push_back({{"serial", item.serial}, {"phase", NameOf(item.phase)}});
  }
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace surety
