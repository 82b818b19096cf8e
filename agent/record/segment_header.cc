#include "agent/record/segment_header.h"

#include <nlohmann/json.hpp>

#include "agent/record/audit_body.h"
#include "agent/record/audit_line.h"
#include "agent/record/json_writer.h"

namespace surety {
namespace {

constexpr std::size_t kLongestHeader = 4096;

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_string()) return {};
  return at->get<std::string>();
}

}  // namespace

std::string SegmentBody(const SegmentHeader& header, const Moment& now, std::string_view boot_id) {
  std::string body;
  AppendTimes(body, now, boot_id);
  body += ',';
  JsonWriter json(body);
  json.Key("version").Number(1U);
  json.Key("log").Text(header.log);
  json.Key("segment").Text(header.segment);
  json.Key("previous").Text(header.previous);
  return body;
}

std::optional<SegmentHeader> ParseSegmentHeader(std::string_view line) {
  const auto frame = ReadFrame(line);
  if (!frame || frame->type != kSegmentLine || line.size() > kLongestHeader) return std::nullopt;
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return SegmentHeader{.log = TextOf(json, "log"),
                       .segment = TextOf(json, "segment"),
                       .previous = TextOf(json, "previous")};
}

}  // namespace surety
