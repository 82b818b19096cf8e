#include "agent/record/decision_json.h"
#include "agent/record/json_check.h"
#include "agent/record/record_words.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

constexpr std::size_t kDeepestFacts = 24;  // A line as a whole may be 32 levels deep.

void WriteNames(std::string_view key, const std::vector<std::string>& names,
                const RecordLimits& limits, JsonWriter& json, LeftOut& left_out) {
  if (names.empty()) return;
  json.Key(key);
  WriteList(names, limits, json, left_out, [&](const std::string& name) { json.Text(name); });
}

void WriteObligations(const Obligations& duties, JsonWriter& json) {
  if (duties == Obligations()) return;
  json.Key("obligations").BeginObject();
  if (duties.ttl_cap) json.Key("ttl_cap").Number(duties.ttl_cap->count());
  if (duties.revoke) json.Key("revoke").Bool(true);
  if (duties.quarantine) json.Key("quarantine").Bool(true);
  if (duties.quarantine_for) json.Key("quarantine_for").Number(duties.quarantine_for->count());
  if (duties.alert) json.Key("alert").Bool(true);
  json.EndObject();
}

void WriteIssued(const EntryDecision& entry, WallTime now, JsonWriter& json) {
  if (!entry.issued) return;
  const IssuedSvid& svid = *entry.issued;
  json.Key("serial").WholeText(svid.serial);
  json.Key("issuer_key_id").WholeText(svid.issuer_key_id);
  json.Key("not_before").Text(Rfc3339Exact(svid.not_before));
  json.Key("not_after").Text(Rfc3339Exact(svid.not_after));
  json.Key("ttl").Number(std::chrono::floor<Seconds>(svid.not_after - now).count());
  json.Key("minted").Bool(entry.minted);
  json.Key("revoke_on_exit").Bool(svid.revoke_on_exit);
}

// What names it, and never the token.
void WriteToken(const EntryDecision& entry, WallTime now, JsonWriter& json) {
  if (!entry.token) return;
  const IssuedToken& token = *entry.token;
  json.Key("token").BeginObject();
  json.Key("jti").WholeText(token.token_id);
  json.Key("kid").WholeText(token.key_id);
  json.Key("issued_at").Text(Rfc3339Exact(token.issued_at));
  json.Key("expires_at").Text(Rfc3339Exact(token.expires_at));
  json.Key("ttl").Number(std::chrono::floor<Seconds>(token.expires_at - now).count());
  json.EndObject();
}

// Word for word, so that another policy can be asked the same.
void WriteFacts(const std::string& facts, const RecordLimits& limits, JsonWriter& json,
                LeftOut& left_out) {
  if (facts.empty()) return;
  if (!limits.facts) {
    left_out.facts = true;
  } else if (IsOneLineJsonObject(facts, kDeepestFacts)) {
    json.Key("facts").Raw(facts);
  } else {
    json.Key("facts_unreadable").Text(facts);
  }
}

}  // namespace

void WriteEntryDecision(const EntryDecision& entry, WallTime now, const RecordLimits& limits,
                        JsonWriter& json, LeftOut& left_out) {
  const Decision& decision = entry.decision;
  json.BeginObject();
  if (entry.entry) {
    json.Key("entry").WholeText(entry.entry->id);
    json.Key("spiffe_id").WholeText(entry.entry->spiffe_id.Text());
  } else {
    json.Key("entry").Null();
  }
  json.Key("verdict").Text(WordOf(decision.verdict));
  json.Key("reason").Text(decision.reason);
  WriteNames("policies", decision.policies, limits, json, left_out);
  WriteNames("observed", decision.observed, limits, json, left_out);
  WriteNames("errors", decision.errors, limits, json, left_out);
  WriteObligations(decision.obligations, json);
  if (decision.hook_took)
    json.Key("hook_us").Number(
        std::chrono::duration_cast<std::chrono::microseconds>(*decision.hook_took).count());
  WriteIssued(entry, now, json);
  WriteToken(entry, now, json);
  WriteFacts(decision.facts, limits, json, left_out);
  json.EndObject();
}

}  // namespace surety
