#include "agent/record/audit_record.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "agent/record/audit_line.h"
#include "agent/record/json_check.h"
#include "agent/record/record_words.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;

// What is absent or of another type reads as nothing: a record is never thrown
// away for one field.
const Json& At(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto at = object.find(key);
  return at == object.end() ? kNothing : *at;
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}
std::string TextAt(const Json& object, const char* key) { return TextOf(At(object, key)); }

bool BoolAt(const Json& object, const char* key) {
  const Json& value = At(object, key);
  return value.is_boolean() && value.get<bool>();
}

template <typename Number>
Number NumberAt(const Json& object, const char* key) {
  const Json& value = At(object, key);
  if (!value.is_number_unsigned()) return 0;
  const auto number = value.get<std::uint64_t>();
  return number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())
             ? Number(0)
             : static_cast<Number>(number);
}

std::optional<Seconds> SecondsAt(const Json& object, const char* key) {
  if (!At(object, key).is_number_integer()) return std::nullopt;
  return Seconds(NumberAt<std::int64_t>(object, key));
}

WallTime TimeAt(const Json& object, const char* key) {
  return ParseRfc3339(TextAt(object, key)).value_or(WallTime());
}

std::vector<std::string> TextsAt(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const Json& list = At(object, key);
  if (!list.is_array()) return texts;
  for (const Json& one : list) texts.push_back(TextOf(one));
  return texts;
}

ProcessKey KeyOf(const Json& json) {
  return {.pid = NumberAt<pid_t>(json, "pid"),
          .start_ticks = NumberAt<std::uint64_t>(json, "start")};
}

RecordedProcess ProcessOf(const Json& json) {
  RecordedProcess process{.key = KeyOf(json),
                          .uid = NumberAt<uid_t>(json, "uid"),
                          .gid = NumberAt<gid_t>(json, "gid"),
                          .path = TextAt(json, "path"),
                          .sha256 = TextAt(json, "sha256")};
  process.claimed = process.path.empty();
  if (process.claimed) process.path = TextAt(json, "claimed_path");
  if (process.sha256.empty()) process.sha256 = TextAt(json, "claimed_sha256");
  return process;
}

std::vector<Ancestor> AncestorsOf(const Json& list) {
  std::vector<Ancestor> ancestors;
  if (!list.is_array()) return ancestors;
  for (const Json& one : list)
    ancestors.push_back(
        {.key = KeyOf(one), .uid = NumberAt<uid_t>(one, "uid"), .name = TextAt(one, "name")});
  return ancestors;
}

Obligations ObligationsOf(const Json& json) {
  return {.ttl_cap = SecondsAt(json, "ttl_cap"),
          .revoke = BoolAt(json, "revoke"),
          .quarantine = BoolAt(json, "quarantine"),
          .quarantine_for = SecondsAt(json, "quarantine_for"),
          .alert = BoolAt(json, "alert")};
}

std::optional<IssuedToken> TokenOf(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  return IssuedToken{.token_id = TextAt(json, "jti"),
                     .key_id = TextAt(json, "kid"),
                     .issued_at = TimeAt(json, "issued_at"),
                     .expires_at = TimeAt(json, "expires_at")};
}

RecordedEntry EntryOf(const Json& json) {
  RecordedEntry entry{.entry = TextAt(json, "entry"),
                      .spiffe_id = TextAt(json, "spiffe_id"),
                      .verdict = VerdictOf(TextAt(json, "verdict")).value_or(Verdict::kRefuse),
                      .reason = TextAt(json, "reason"),
                      .policies = TextsAt(json, "policies"),
                      .observed = TextsAt(json, "observed"),
                      .errors = TextsAt(json, "errors"),
                      .obligations = ObligationsOf(At(json, "obligations")),
                      .issued = {},
                      .minted = BoolAt(json, "minted"),
                      .token = TokenOf(At(json, "token")),
                      .facts = {}};
  if (At(json, "facts").is_object())
    entry.facts = At(json, "facts").dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!At(json, "serial").is_string()) return entry;
  entry.issued = IssuedSvid{.spiffe_id = entry.spiffe_id,
                            .entry_id = entry.entry,
                            .serial = TextAt(json, "serial"),
                            .issuer_key_id = TextAt(json, "issuer_key_id"),
                            .not_before = TimeAt(json, "not_before"),
                            .not_after = TimeAt(json, "not_after"),
                            .revoke_on_exit = BoolAt(json, "revoke_on_exit")};
  return entry;
}

void ReadLineage(const Json& json, RecordedDecision& decision) {
  decision.lineage = TextAt(json, "id");
  decision.lineage_now = TextAt(json, "now");
  decision.left_lineage = BoolAt(json, "left");
  decision.ancestors = AncestorsOf(At(json, "ancestors"));
}

Result<RecordedDecision> DecisionOf(const Json& json) {
  const auto action = ActionOf(TextAt(json, "action"));
  const auto verdict = VerdictOf(TextAt(json, "verdict"));
  if (!action || !verdict)
    return Error(ErrorCode::kInvalidArgument, "a decision without a known action and verdict");
  RecordedDecision decision;
  decision.id = TextAt(json, "decision");
  decision.action = *action;
  decision.verdict = *verdict;
  decision.reason = TextAt(json, "reason");
  decision.audiences = TextsAt(json, "audiences");
  decision.policy_revision = TextAt(json, "policy_revision");
  decision.process = ProcessOf(At(json, "process"));
  decision.pinned = BoolAt(json, "pinned");
  decision.scope = TextsAt(json, "scope");
  ReadLineage(At(json, "lineage"), decision);
  const Json& drift = At(json, "drift");
  decision.drift_kinds = TextsAt(drift, "kinds");
  decision.gained = TextsAt(drift, "gained");
  decision.lost = TextsAt(drift, "lost");
  if (const Json& missing = At(json, "missing"); missing.is_array())
    for (const Json& one : missing) decision.missing.push_back(TextAt(one, "kind"));
  if (const Json& score = At(At(json, "risk"), "score"); score.is_number())
    decision.risk = score.get<double>();
  if (const Json& entries = At(json, "entries"); entries.is_array())
    for (const Json& one : entries) decision.entries.push_back(EntryOf(one));
  return decision;
}

RecordedNotice NoticeOf(const Json& json) {
  RecordedNotice notice{
      .what = TextAt(json, "what"),
      .severity = SeverityOf(TextAt(json, "severity")).value_or(NoticeSeverity::kInfo),
      .details = {}};
  if (const Json& details = At(json, "details"); details.is_object())
    for (const auto& [name, value] : details.items())
      notice.details.emplace_back(name, TextOf(value));
  return notice;
}

}  // namespace

Result<AuditRecord> ParseAuditRecord(std::string_view line) {
  const auto frame = ReadFrame(line);
  if (!frame) return Error(ErrorCode::kInvalidArgument, "not a line of an audit log");
  // First, since the library calls itself for every level of a value.
  if (!IsOneLineJsonObject(line)) return Error(ErrorCode::kInvalidArgument, "not a JSON object");
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error(ErrorCode::kInvalidArgument, "not a JSON object");
  AuditRecord record{
      .seq = frame->seq,
      .at = {.boot = BootTime(std::chrono::nanoseconds(NumberAt<std::int64_t>(json, "boot_ns"))),
             .wall = TimeAt(json, "time")},
      .boot_id = TextAt(json, "boot_id"),
      .content = {}};
  if (frame->type == kDecisionLine) {
    auto decision = DecisionOf(json);
    if (!decision) return decision.error();
    record.content = *std::move(decision);
  } else if (frame->type == kNoticeLine) {
    record.content = NoticeOf(json);
  } else if (const auto header = ParseSegmentHeader(line)) {
    record.content = *header;
  } else {
    return Error(ErrorCode::kInvalidArgument, "a record of an unknown type");
  }
  return record;
}

}  // namespace surety
