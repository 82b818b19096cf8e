#include "agent/command/policy_json.h"

#include "agent/command/record_text.h"
#include "agent/policy/obligation_words.h"
#include "attestors/printable.h"

namespace surety {
namespace {

Json SecondsOf(const std::optional<Seconds>& span) {
  return span ? Json(span->count()) : Json(nullptr);
}

}  // namespace

Json JsonOf(const Rule& rule) {
  return {{"id", rule.id},
          {"effect", rule.permits ? "permit" : "forbid"},
          {"response", rule.permits ? Json(nullptr) : Json(NameOf(rule.response))},
          {"mode", rule.monitored ? "monitor" : "enforce"},
          {"reason", rule.reason},
          {"duration", SecondsOf(rule.duration)},
          {"ttl_cap", SecondsOf(rule.ttl_cap)},
          {"file", rule.file},
          {"line", rule.at.line},
          {"column", rule.at.column},
          {"looks_at", rule.looks_at}};
}

Json JsonOf(const Obligations& obligations) {
  Json out = Json::object();
  if (obligations.ttl_cap) out["ttl_cap"] = obligations.ttl_cap->count();
  if (obligations.revoke) out["revoke"] = true;
  if (obligations.quarantine) out["quarantine"] = true;
  if (obligations.quarantine_for) out["quarantine_for"] = obligations.quarantine_for->count();
  if (obligations.alert) out["alert"] = true;
  return out;
}

Json JsonOf(const Decision& decision) {
  return {{"verdict", NameOf(decision.verdict)}, {"reason", decision.reason},
          {"policies", decision.policies},       {"observed", decision.observed},
          {"errors", decision.errors},           {"obligations", JsonOf(decision.obligations)}};
}

Json JsonOf(const Diagnostics& diagnostics) {
  Json out = Json::array();
  for (const Diagnostic& item : diagnostics.items())
    out.push_back({{"file", item.file},
                   {"line", item.at.line},
                   {"column", item.at.column},
                   {"severity", item.severity == Severity::kError ? "error" : "warning"},
                   {"what", item.what},
                   {"fix", item.fix}});
  return out;
}

std::string DecisionWords(Verdict verdict, std::string_view reason,
                          const Obligations& obligations) {
  std::string out(NameOf(verdict));
  if (!reason.empty()) out += " " + Printable(reason);
  const auto words = WordsOf(obligations);
  return words.empty() ? out : out + " (" + Joined(words) + ")";
}

std::string PlaceOf(const Rule& rule) {
  return Printable(rule.file) + ":" + std::to_string(rule.at.line);
}

}  // namespace surety
