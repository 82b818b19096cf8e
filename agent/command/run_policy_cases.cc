#include "agent/command/run_policy_cases.h"

#include <string>
#include <utility>
#include <vector>

#include "agent/command/chosen_policies.h"
#include "agent/command/input_file.h"
#include "agent/command/policy_coverage.h"
#include "agent/command/policy_json.h"
#include "agent/command/record_text.h"
#include "agent/policy/policy_cases.h"
#include "attestors/printable.h"

namespace surety {
namespace {

struct CaseResult {
  const PolicyCase* which = nullptr;
  Decision decision{};
  std::vector<std::string> differences{};
};

std::string PlaceOf(const PolicyCase& one) {
  return Printable(one.file) + ":" + std::to_string(one.at.line) + ":" +
         std::to_string(one.at.column);
}

Result<std::vector<PolicyCase>> ReadFiles(const std::vector<std::string>& files,
                                          Diagnostics& diagnostics) {
  std::vector<PolicyCase> out;
  for (const std::string& file : files) {
    const auto text = ReadInputFile(file);
    if (!text) return text.error();
    FileDiagnostics errors(file, diagnostics);
    for (PolicyCase& one : ReadPolicyCases(*text, errors)) out.push_back(std::move(one));
  }
  return out;
}

Result<CaseResult> Run(const PolicyCase& one, const ChosenPolicies& policies,
                       PolicyCoverage& coverage) {
  auto trial = TryPolicies(*policies.set, one.facts, policies.mode);
  if (!trial) return trial.error().Within(PlaceOf(one));
  coverage.Add(*trial);
  auto differences = Differences(one, trial->decision);
  return CaseResult{&one, std::move(trial->decision), std::move(differences)};
}

std::size_t FailuresIn(const std::vector<CaseResult>& results) {
  std::size_t failed = 0;
  for (const CaseResult& one : results) failed += one.differences.empty() ? 0 : 1;
  return failed;
}

void PrintText(const std::vector<CaseResult>& results, const PolicyCoverage& coverage,
               std::size_t policies, std::ostream& out) {
  for (const CaseResult& one : results) {
    if (one.differences.empty()) continue;
    out << PlaceOf(*one.which) << ": failed: " << Printable(one.which->name) << "\n";
    for (const std::string& difference : one.differences) out << "  " << difference << "\n";
    out << "  decided by: " << Joined(one.decision.policies) << "\n";
    for (const std::string& error : one.decision.errors)
      out << "  could not be evaluated: " << Printable(error) << "\n";
  }
  const std::size_t failed = FailuresIn(results);
  out << results.size() - failed << " of " << results.size() << " cases passed\n"
      << coverage.decided() << " of " << policies << " policies decided in a case\n";
  if (const auto ids = coverage.only_matched(); !ids.empty())
    out << "held, but others decided: " << Joined(ids) << "\n";
  if (const auto ids = coverage.never_matched(); !ids.empty())
    out << "never held: " << Joined(ids) << "\n";
}

Json JsonOfCase(const CaseResult& result) {
  Json out{{"name", result.which->name},
           {"file", result.which->file},
           {"line", result.which->at.line},
           {"passed", result.differences.empty()},
           {"differences", result.differences}};
  out.update(JsonOf(result.decision));
  return out;
}

void PrintJson(const std::vector<CaseResult>& results, const PolicyCoverage& coverage,
               std::size_t policies, std::ostream& out) {
  Json cases = Json::array();
  for (const CaseResult& one : results) cases.push_back(JsonOfCase(one));
  const std::size_t failed = FailuresIn(results);
  out << JsonDocument({{"passed", results.size() - failed},
                       {"failed", failed},
                       {"cases", std::move(cases)},
                       {"coverage",
                        {{"policies", policies},
                         {"decided", coverage.decided()},
                         {"only_matched", coverage.only_matched()},
                         {"never_matched", coverage.never_matched()}}}});
}

Result<void> Outcome(const PolicyTestFlags& flags, std::size_t failed, std::size_t undecided) {
  if (failed != 0)
    return Error(ErrorCode::kInvalidArgument,
                 std::to_string(failed) + (failed == 1 ? " case" : " cases") + " failed");
  if (flags.full_coverage && undecided != 0)
    return Error(ErrorCode::kInvalidArgument,
                 std::to_string(undecided) + (undecided == 1 ? " policy" : " policies") +
                     " decided in no case, and --full-coverage is set: add cases");
  return {};
}

}  // namespace

Result<void> RunPolicyCases(const PolicyTestFlags& flags, std::ostream& out) {
  const auto policies = ChoosePolicies(flags.source);
  if (!policies) return policies.error();
  Diagnostics diagnostics;
  const auto cases = ReadFiles(flags.files, diagnostics);
  if (!cases) return cases.error();
  if (diagnostics.has_errors()) {
    if (flags.output == OutputFormat::kJson) {
      out << JsonDocument({{"problems", JsonOf(diagnostics)}});
    } else {
      Print(diagnostics, out);
    }
    return Error(ErrorCode::kInvalidArgument, "the cases have errors, and none was run");
  }
  PolicyCoverage coverage(policies->set->rules());
  std::vector<CaseResult> results;
  for (const PolicyCase& one : *cases) {
    auto result = Run(one, *policies, coverage);
    if (!result) return result.error();
    results.push_back(*std::move(result));
  }
  const std::size_t count = policies->set->rules().size();
  if (flags.output == OutputFormat::kJson) {
    PrintJson(results, coverage, count, out);
  } else {
    PrintText(results, coverage, count, out);
  }
  return Outcome(flags, FailuresIn(results), count - coverage.decided());
}

}  // namespace surety
