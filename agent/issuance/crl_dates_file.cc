#include "agent/issuance/crl_dates_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using std::chrono::sys_seconds;

constexpr std::string_view kName = "numbers.json";
constexpr int kVersion = 1;
constexpr std::size_t kLongestKeyId = 256;  // Digits; Signer takes no longer one.
constexpr std::uint64_t kHighestNumber = std::uint64_t{1} << 62U;
// As much again for CRLs that follow one of the latest time, each by a second.
constexpr std::uint64_t kLatestTime = 9'000'000'000;

Error Damaged(const std::string& what) { return {ErrorCode::kDataLoss, what}; }

bool HasKeys(const Json& object, std::initializer_list<const char*> keys) {
  return object.is_object() && object.size() == keys.size() &&
         std::ranges::all_of(keys, [&](const char* key) { return object.contains(key); });
}

bool IsKeyId(const std::string& text) {
  return !text.empty() && text.size() <= kLongestKeyId && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool IsAtMost(const Json& json, std::uint64_t most) {
  return json.is_number_unsigned() && json.get<std::uint64_t>() <= most;
}

Result<void> ParseIssuer(const Json& json, CrlDates& dates) {
  if (!HasKeys(json, {"key_id", "number", "this_update"}) || !json["key_id"].is_string()) {
    return Damaged("an authority is not {key_id, number, this_update}");
  }
  const auto key_id = json["key_id"].get<std::string>();
  if (!IsKeyId(key_id)) return Damaged("a key id is not lower-case hex");
  if (!IsAtMost(json["number"], kHighestNumber) || !IsAtMost(json["this_update"], kLatestTime)) {
    return Damaged("a number or time is out of range");
  }
  const auto seconds = json["this_update"].get<std::int64_t>();
  const CrlDate date{.number = json["number"].get<std::uint64_t>(),
                     .this_update = sys_seconds(Seconds(seconds))};
  if (!dates.emplace(key_id, date).second) return Damaged(key_id + " stands twice");
  return {};
}

}  // namespace

Result<CrlDates> ParseCrlDates(std::string_view text) {
  if (text.size() > kLargestCrlDates) return Damaged("it is too large");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Damaged("it is not JSON");
  if (!HasKeys(json, {"version", "authorities"}) || !json["authorities"].is_array()) {
    return Damaged("it must have version and authorities, and nothing else");
  }
  if (json["version"] != kVersion) return Damaged("its version is not 1");
  if (json["authorities"].size() > CrlCalendar::kMostAuthorities) {
    return Damaged("it names too many authorities");
  }
  CrlDates dates;
  for (const Json& element : json["authorities"]) {
    if (auto parsed = ParseIssuer(element, dates); !parsed) return parsed.error();
  }
  return dates;
}

std::string PrintCrlDates(const CrlDates& dates) {
  Json json{{"version", kVersion}, {"authorities", Json::array()}};
  for (const auto& [key_id, date] : dates) {
    json["authorities"].push_back({{"key_id", key_id},
                                   {"number", date.number},
                                   {"this_update", date.this_update.time_since_epoch().count()}});
  }
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<CrlDatesFile> CrlDatesFile::Open(const std::string& state_dir, DiskWrites& disk) {
  auto folder = AuthorityFolder::Open(state_dir, disk, "crl");
  if (!folder) return folder.error();
  CrlDatesFile file(*std::move(folder));
  const auto text = file.folder_.Read(std::string(kName), kLargestCrlDates);
  if (!text && text.error().code() == ErrorCode::kNotFound) return file;
  if (!text) return text.error();
  auto dates = ParseCrlDates(AsText(text->Reveal()));
  if (!dates) {
    return dates.error().Within(file.folder_.PathOf(std::string(kName)) +
                                " cannot be used; remove it, once the clock is right: the CRLs' "
                                "numbers then go on from the time");
  }
  file.dates_ = *std::move(dates);
  return file;
}

Result<void> CrlDatesFile::Write(const CrlDates& dates) {
  return folder_.Replace(std::string(kName), AsBytes(PrintCrlDates(dates)));
}

}  // namespace surety
