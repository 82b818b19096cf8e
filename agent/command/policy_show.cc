#include "agent/command/policy_show.h"

#include <string>

#include "agent/command/chosen_policies.h"
#include "agent/command/policy_json.h"
#include "agent/command/text_table.h"
#include "agent/identity/duration_text.h"
#include "agent/policy/embedded_texts.h"
#include "attestors/printable.h"

namespace surety {
namespace {

/// Those annotations that have no column of their own.
std::string MoreOf(const Rule& rule) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : " ") + text; };
  if (rule.reason != rule.id) add("reason=" + rule.reason);
  if (rule.duration) add("duration=" + DurationText(*rule.duration));
  if (rule.ttl_cap) add("ttl_cap=" + DurationText(*rule.ttl_cap));
  return out.empty() ? "-" : out;
}

std::string ResponseOf(const Rule& rule) {
  return rule.permits ? "-" : std::string(NameOf(rule.response));
}

void PrintTable(const ChosenPolicies& chosen, std::ostream& out) {
  const auto& rules = chosen.set->rules();
  out << rules.size() << (rules.size() == 1 ? " policy" : " policies") << " of " << chosen.name
      << ", revision " << chosen.revision << ", mode " << NameOf(chosen.mode) << "\n\n";
  TextTable table({"ID", "EFFECT", "MODE", "RESPONSE", "MORE", "WHERE"});
  for (const Rule& rule : rules)
    table.Add({rule.id, rule.permits ? "permit" : "forbid", rule.monitored ? "monitor" : "enforce",
               ResponseOf(rule), MoreOf(rule), PlaceOf(rule)});
  table.Print("", out);
  if (chosen.set->replaced().empty()) return;
  out << "\nIn the place of built-in ones:";
  for (const std::string& id : chosen.set->replaced()) out << " " << id;
  out << "\n";
}

Json JsonOfAll(const ChosenPolicies& chosen) {
  Json policies = Json::array();
  for (const Rule& rule : chosen.set->rules()) policies.push_back(JsonOf(rule));
  return {{"source", chosen.name},
          {"revision", chosen.revision},
          {"mode", NameOf(chosen.mode)},
          {"policies", std::move(policies)},
          {"replaced", chosen.set->replaced()}};
}

void PrintCedar(const ChosenPolicies& chosen, bool json, std::ostream& out) {
  Json texts = Json::array();
  for (const PolicyText& text : chosen.set->texts()) {
    if (json) {
      texts.push_back({{"file", text.file}, {"text", text.text}});
    } else if (chosen.set->texts().size() == 1) {
      out << text.text;
    } else {
      out << "// " << Printable(text.file) << "\n\n" << text.text << "\n";
    }
  }
  if (json) out << JsonDocument({{"texts", std::move(texts)}});
}

}  // namespace

Result<void> ShowPolicies(const PolicyShowFlags& flags, std::ostream& out) {
  const bool json = flags.output == OutputFormat::kJson;
  if (flags.view == PolicyView::kSchema) {
    out << (json ? JsonDocument({{"schema", kPolicySchema}}) : std::string(kPolicySchema));
    return {};
  }
  const auto chosen = ChoosePolicies(flags.source);
  if (!chosen) return chosen.error();
  if (flags.view == PolicyView::kCedar) {
    PrintCedar(*chosen, json, out);
  } else if (json) {
    out << JsonDocument(JsonOfAll(*chosen));
  } else {
    PrintTable(*chosen, out);
  }
  return {};
}

}  // namespace surety
