#include "agent/command/policy_simulate.h"

#include <string>

#include "agent/command/policy_json.h"
#include "agent/command/record_text.h"
#include "agent/command/simulated_changes.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::string Counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string IdOf(const std::string& spiffe_id) {
  return spiffe_id.empty() || spiffe_id == "-" ? "no entry" : Printable(spiffe_id);
}

/// What made the decision that would be made now.
std::string Because(const Decision& now) {
  if (!now.errors.empty()) return "policies that could not be evaluated: " + Joined(now.errors);
  return now.policies.empty() ? now.reason : Joined(now.policies);
}

std::string HeadOf(const AuditRecord& record, const RecordedDecision& decision,
                   const std::string& spiffe_id) {
  return MillisecondText(record.at.wall) + "  " + IdOf(spiffe_id) + "  pid " +
         std::to_string(decision.process.key.pid) + " " +
         (decision.process.path.empty() ? "-" : Printable(decision.process.path)) + "  " +
         std::string(NameOf(decision.action)) + "  " + Printable(decision.id);
}

void PrintChange(const SimulatedChange& one, std::ostream& out) {
  out << HeadOf(one.record, one.decision, one.entry.spiffe_id) << "\n  "
      << DecisionWords(one.entry.verdict, one.entry.reason, one.entry.obligations) << " -> "
      << DecisionWords(one.now.verdict, one.now.reason, one.now.obligations) << "\n  because of "
      << Printable(Because(one.now)) << "; recorded: "
      << (one.entry.policies.empty() ? Printable(one.entry.reason)
                                     : Printable(Joined(one.entry.policies)))
      << "\n";
}

void PrintUnanswered(const UnansweredDecision& one, std::ostream& out) {
  out << HeadOf(one.record, one.decision, one.spiffe_id)
      << "\n  could not be asked again: " << Printable(one.why) << "\n";
}

std::string CountsText(const CountsOf& counts) {
  std::string out;
  for (const auto& [what, count] : counts)
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  return out;
}

void PrintSummary(const SimulationSummary& summary, const ChosenPolicies& policies,
                  std::ostream& out) {
  out << "policies of " << policies.name << ", revision " << policies.revision << ", mode "
      << NameOf(policies.mode) << "\n"
      << Counted(summary.decisions, "decision", "decisions") << " of "
      << Counted(summary.records, "record", "records") << " asked again: " << summary.changed()
      << " would change";
  if (summary.changed() != 0) out << " (" << CountsText(summary.verdicts) << ")";
  out << ", " << summary.changed_reasons << " would have another reason alone, "
      << summary.unanswered << " could not be asked again";
  if (summary.damaged != 0)
    out << ", " << Counted(summary.damaged, "damaged line", "damaged lines");
  out << "\n";
  for (const auto& [id, counts] : summary.identities)
    out << "  " << IdOf(id) << ": " << CountsText(counts) << "\n";
}

Json JsonOfHead(const AuditRecord& record, const RecordedDecision& decision,
                const std::string& spiffe_id) {
  return {{"seq", record.seq},
          {"time", MillisecondText(record.at.wall)},
          {"decision", decision.id},
          {"action", NameOf(decision.action)},
          {"spiffe_id", spiffe_id.empty() || spiffe_id == "-" ? Json(nullptr) : Json(spiffe_id)},
          {"pid", decision.process.key.pid},
          {"start", decision.process.key.start_ticks},
          {"uid", decision.process.uid},
          {"exe", decision.process.path}};
}

Json JsonOfChange(const SimulatedChange& one) {
  Json out = JsonOfHead(one.record, one.decision, one.entry.spiffe_id);
  out["entry"] = one.entry.entry;
  out["verdict_changes"] = one.of_verdict();
  out["from"] = {{"verdict", NameOf(one.entry.verdict)},
                 {"reason", one.entry.reason},
                 {"policies", one.entry.policies},
                 {"observed", one.entry.observed},
                 {"errors", one.entry.errors},
                 {"obligations", JsonOf(one.entry.obligations)},
                 {"revision", one.decision.policy_revision}};
  out["to"] = JsonOf(one.now);
  return out;
}

Json JsonOfUnanswered(const UnansweredDecision& one) {
  Json out = JsonOfHead(one.record, one.decision, one.spiffe_id);
  out["why"] = one.why;
  return out;
}

Json JsonOfSummary(const SimulationSummary& summary, const ChosenPolicies& policies) {
  return {{"source", policies.name},
          {"revision", policies.revision},
          {"mode", NameOf(policies.mode)},
          {"records", summary.records},
          {"decisions", summary.decisions},
          {"changed", summary.changed()},
          {"changed_verdicts", summary.changed_verdicts},
          {"changed_obligations", summary.changed_obligations},
          {"changed_reasons", summary.changed_reasons},
          {"unanswered", summary.unanswered},
          {"damaged_lines", summary.damaged},
          {"verdicts", summary.verdicts},
          {"identities", summary.identities}};
}

Result<void> Outcome(const SimulationSummary& summary) {
  if (summary.damaged != 0)
    return Error(ErrorCode::kDataLoss, Counted(summary.damaged, "line is", "lines are") +
                                           " damaged and could not be asked again: run "
                                           "\"surety audit verify\"");
  if (summary.changed() != 0)
    return Error(ErrorCode::kInvalidArgument,
                 Counted(summary.changed(), "decision", "decisions") + " would change");
  if (summary.unanswered != 0)
    return Error(ErrorCode::kDataLoss,
                 Counted(summary.unanswered, "decision", "decisions") +
                     " could not be asked again, so that it is not known whether they change");
  return {};
}

}  // namespace

Result<void> SimulatePolicies(const PolicySimulateFlags& flags, const std::string& folder,
                              std::ostream& out) {
  const auto policies = ChoosePolicies(flags.source);
  if (!policies) return policies.error();
  const bool json = flags.output == OutputFormat::kJson;
  Json changes = Json::array();
  Json unanswered = Json::array();
  const SimulationTakers takers{.change =
                                    [&](const SimulatedChange& one) {
                                      if (json) {
                                        changes.push_back(JsonOfChange(one));
                                      } else {
                                        PrintChange(one, out);
                                      }
                                    },
                                .unanswered =
                                    [&](const UnansweredDecision& one) {
                                      if (json) {
                                        unanswered.push_back(JsonOfUnanswered(one));
                                      } else {
                                        PrintUnanswered(one, out);
                                      }
                                    }};
  const auto summary = Simulate(folder, *policies, takers);
  if (!summary) return summary.error();
  if (json) {
    out << JsonDocument({{"changes", std::move(changes)},
                         {"unanswered", std::move(unanswered)},
                         {"summary", JsonOfSummary(*summary, *policies)}});
  } else {
    PrintSummary(*summary, *policies, out);
  }
  return Outcome(*summary);
}

}  // namespace surety
