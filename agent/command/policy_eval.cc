#include "agent/command/policy_eval.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command/chosen_policies.h"
#include "agent/command/input_file.h"
#include "agent/command/policy_json.h"
#include "agent/command/record_text.h"
#include "agent/policy/policy_trial.h"
#include "agent/policy/written_facts.h"
#include "attestors/printable.h"

namespace surety {
namespace {

/// A policy that holds, and what it read.
struct Explanation {
  const Rule* rule = nullptr;
  std::string_view part;
  std::vector<std::pair<std::string, Json>> read{};  ///< Null: absent.
};

/// What stands at "context.drift.classes" or "resource.path"; null if nothing does.
Json FactAt(const Json& facts, std::string_view path) {
  const auto dot = path.find('.');
  const std::string_view variable = path.substr(0, dot);
  if (variable == "principal" || variable == "action") return facts.at(std::string(variable));
  if (dot == std::string_view::npos)
    return variable == "resource" ? facts.at("identity").at("id") : Json("all of it");
  const Json* at = variable == "resource" ? &facts.at("identity") : &facts;
  for (std::string_view rest = path.substr(dot + 1); !rest.empty();) {
    const auto end = std::min(rest.find('.'), rest.size());
    const auto found = at->find(std::string(rest.substr(0, end)));
    if (found == at->end()) return nullptr;
    at = &*found;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return *at;
}

bool Has(const std::vector<std::string>& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

std::string_view PartOf(const Rule& rule, const Decision& decision) {
  if (Has(decision.policies, rule.id)) return "decided";
  if (rule.monitored) return "only watches: it is in monitor mode";
  if (Has(decision.observed, rule.id))
    return rule.enforced() ? "would have decided: the mode is monitor" : "alerts";
  return "holds, but others decided";
}

std::vector<Explanation> Explain(const std::vector<Rule>& rules, const PolicyTrial& trial,
                                 const Json& facts) {
  std::vector<Explanation> out;
  for (const auto index : trial.holding) {
    const Rule& rule = rules.at(index);
    Explanation one{.rule = &rule, .part = PartOf(rule, trial.decision)};
    for (const std::string& path : rule.looks_at) one.read.emplace_back(path, FactAt(facts, path));
    out.push_back(std::move(one));
  }
  // Those that decided first.
  std::stable_partition(out.begin(), out.end(),
                        [](const Explanation& one) { return one.part == "decided"; });
  return out;
}

void PrintExplanation(const Explanation& one, std::ostream& out) {
  const Rule& rule = *one.rule;
  out << "\n"
      << (rule.permits ? "permit " : "forbid ") << rule.id << ", " << PlaceOf(rule) << ": "
      << one.part << "\n";
  if (!rule.permits) out << "  leads to " << NameOf(rule.response) << "\n";
  if (one.read.empty()) out << "  reads no fact\n";
  for (const auto& [path, value] : one.read)
    out << "  " << path << " = " << (value.is_null() ? "absent" : JsonLine(value)) << "\n";
}

void PrintText(const ChosenPolicies& policies, const PolicyTrial& trial,
               const std::vector<Explanation>& explanations, bool explain, std::ostream& out) {
  const Decision& decision = trial.decision;
  out << DecisionWords(decision.verdict, decision.reason, decision.obligations) << "\n";
  out << "decided by: " << (decision.policies.empty() ? "no policy" : Joined(decision.policies))
      << "\n";
  if (!decision.observed.empty()) out << "observed: " << Joined(decision.observed) << "\n";
  for (const std::string& error : decision.errors)
    out << "could not be evaluated: " << Printable(error) << "\n";
  out << "policies: " << policies.name << ", revision " << policies.revision << ", mode "
      << NameOf(policies.mode) << "\n";
  for (const Explanation& one : explanations) PrintExplanation(one, out);
  if (explain && explanations.empty()) out << "\nno policy holds\n";
}

Json JsonOfAll(const Explanation& one) {
  Json facts = Json::object();
  for (const auto& [path, value] : one.read) facts[path] = value;
  Json out = JsonOf(*one.rule);
  out.erase("looks_at");
  out["part"] = one.part;
  out["facts"] = std::move(facts);
  return out;
}

void PrintJson(const ChosenPolicies& policies, const PolicyTrial& trial,
               const std::vector<Explanation>& explanations, bool explain, const Json& facts,
               std::ostream& out) {
  Json json = JsonOf(trial.decision);
  json["source"] = policies.name;
  json["revision"] = policies.revision;
  json["mode"] = NameOf(policies.mode);
  if (explain) {
    Json holding = Json::array();
    for (const Explanation& one : explanations) holding.push_back(JsonOfAll(one));
    json["holding"] = std::move(holding);
    json["facts"] = facts;
  }
  out << JsonDocument(json);
}

}  // namespace

Result<void> EvaluateRequest(const PolicyEvalFlags& flags, std::istream& in, std::ostream& out) {
  const auto policies = ChoosePolicies(flags.source);
  if (!policies) return policies.error();
  const auto text = ReadInput(flags.file, in);
  if (!text) return text.error();
  Diagnostics diagnostics;
  const std::string name = flags.file == "-" ? "standard input" : flags.file;
  FileDiagnostics errors(name, diagnostics);
  const auto facts = ReadFacts(*text, errors);
  if (!facts) {
    if (flags.output == OutputFormat::kJson) {
      out << JsonDocument({{"problems", JsonOf(diagnostics)}});
    } else {
      Print(diagnostics, out);
    }
    return Error(ErrorCode::kInvalidArgument, "the facts have errors, and nothing was asked");
  }
  const auto trial = TryPolicies(*policies->set, *facts, policies->mode);
  if (!trial) return trial.error().Within(Printable(name));
  const Json json = Json::parse(*facts);
  std::vector<Explanation> explanations;
  if (flags.explain) explanations = Explain(policies->set->rules(), *trial, json);
  if (flags.output == OutputFormat::kJson) {
    PrintJson(*policies, *trial, explanations, flags.explain, json, out);
  } else {
    PrintText(*policies, *trial, explanations, flags.explain, out);
  }
  return {};
}

}  // namespace surety
