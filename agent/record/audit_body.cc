#include "agent/record/audit_body.h"

#include <algorithm>
#include <array>

#include "agent/record/audit_line.h"
#include "agent/record/decision_json.h"
#include "agent/record/json_writer.h"
#include "agent/record/record_limits.h"
#include "agent/record/record_words.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

constexpr std::size_t kHeadAndHash = 512;
constexpr std::array<RecordLimits, 3> kLimits{{{.text = 4096, .list = 64, .facts = true},
                                               {.text = 4096, .list = 64, .facts = false},
                                               {.text = 256, .list = 8, .facts = false}}};
constexpr RecordLimits kNoticeLimits{.text = 1024, .list = 64, .facts = false};
constexpr std::size_t kReserve = 4096;

void WriteLeftOut(const LeftOut& left_out, JsonWriter& json) {
  if (!left_out.texts && !left_out.lists && !left_out.facts) return;
  json.Key("cut").BeginArray();
  if (left_out.texts) json.Text("texts");
  if (left_out.lists) json.Text("lists");
  if (left_out.facts) json.Text("facts");
  json.EndArray();
}

void Build(const AuditEvent& event, std::string_view boot_id, const RecordLimits& limits,
           std::string& body) {
  body.clear();
  AppendTimes(body, event.at, boot_id);
  body += ',';
  JsonWriter json(body, limits.text);
  LeftOut left_out;
  WriteDecision(event, limits, json, left_out);
  left_out.texts = json.cut();
  WriteLeftOut(left_out, json);
}

void WriteDetails(const AuditNotice& notice, JsonWriter& json, LeftOut& left_out) {
  json.Key("details").BeginObject();
  std::size_t left = kNoticeLimits.list;
  for (auto at = notice.details.begin(); at != notice.details.end(); ++at) {
    if (left-- == 0) {
      left_out.lists = true;
      break;
    }
    const auto before = std::count_if(notice.details.begin(), at,
                                      [at](const auto& one) { return one.first == at->first; });
    const std::string name = before == 0 ? at->first : at->first + "#" + std::to_string(before + 1);
    json.Key(name).Text(at->second);
  }
  json.EndObject();
}

}  // namespace

void AppendTimes(std::string& out, const Moment& at, std::string_view boot_id) {
  out += "\"time\":\"";
  AppendRfc3339Nanos(out, at.wall);
  out += "\",\"boot_ns\":";
  AppendNumber(out, static_cast<std::uint64_t>(
                        std::max<std::int64_t>(0, at.boot.time_since_epoch().count())));
  out += ",\"boot_id\":\"";
  AppendJsonText(out, boot_id);
  out += '"';
}

Result<std::string> DecisionBody(const AuditEvent& event, std::string_view boot_id) {
  std::string body;
  body.reserve(kReserve);
  for (const RecordLimits& limits : kLimits) {
    Build(event, boot_id, limits, body);
    if (body.size() <= kUsualRecord) return body;
  }
  if (body.size() + kHeadAndHash <= kLongestLine) return body;
  return Error(ErrorCode::kResourceExhausted,
               "the record of this decision would be longer than 1 MiB, since " +
                   std::to_string(event.entries.size()) +
                   " entries are for this process: narrow their selectors");
}

std::string NoticeBody(const AuditNotice& notice, std::string_view boot_id) {
  std::string body;
  AppendTimes(body, notice.at, boot_id);
  body += ',';
  JsonWriter json(body, kNoticeLimits.text);
  LeftOut left_out;
  json.Key("what").Text(notice.what);
  json.Key("severity").Text(WordOf(notice.severity));
  WriteDetails(notice, json, left_out);
  left_out.texts = json.cut();
  WriteLeftOut(left_out, json);
  return body;
}

}  // namespace surety
