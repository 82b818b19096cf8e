#include "agent/command/simulated_changes.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "agent/policy/policy_trial.h"
#include "agent/record/audit_replay.h"
#include "surety/external_hook.h"

namespace surety {
namespace {

std::string IdentityOf(const RecordedEntry& entry) {
  return entry.spiffe_id.empty() ? "-" : entry.spiffe_id;
}

bool IsOfHook(const std::string& id) { return id == kHookId || id.starts_with(kHookReason); }

/// Whether the external hook had a say, which it would have again: it is asked whenever
/// the policies allow.
bool HookHadASay(const RecordedEntry& entry) {
  return std::ranges::any_of(entry.policies, IsOfHook) ||
         std::ranges::any_of(entry.observed, IsOfHook);
}

class Simulation {
 public:
  Simulation(const ChosenPolicies& policies, const SimulationTakers& takers)
      : policies_(policies), takers_(takers) {}

  void Take(const AuditRecord& record) {
    const auto* decision = std::get_if<RecordedDecision>(&record.content);
    if (decision == nullptr) return;
    ++summary_.records;
    if (decision->entries.empty())
      Unanswered({record, *decision, "-", "the record holds no entry, and so no facts"});
    for (const RecordedEntry& entry : decision->entries) Ask(record, *decision, entry);
  }

  SimulationSummary& summary() { return summary_; }

 private:
  void Ask(const AuditRecord& record, const RecordedDecision& decision,
           const RecordedEntry& entry) {
    if (entry.facts.empty()) {
      Unanswered({record, decision, IdentityOf(entry), "the record holds no facts"});
      return;
    }
    const auto trial = TryPolicies(*policies_.set, entry.facts, policies_.mode);
    if (!trial) {
      Unanswered({record, decision, IdentityOf(entry),
                  "its facts are not those of this version: " + trial.error().Text()});
      return;
    }
    ++summary_.decisions;
    Compare({record, decision, entry, trial->decision});
  }

  void Compare(const SimulatedChange& one) {
    if (one.now.verdict == Verdict::kAllow && HookHadASay(one.entry)) return;
    const bool obligations = one.entry.obligations != one.now.obligations;
    if (!one.of_verdict() && !obligations) {
      summary_.changed_reasons += one.entry.reason == one.now.reason ? 0 : 1;
      return;
    }
    ++(one.of_verdict() ? summary_.changed_verdicts : summary_.changed_obligations);
    const std::string what =
        std::string(NameOf(one.entry.verdict)) + " -> " + std::string(NameOf(one.now.verdict));
    ++summary_.verdicts[what];
    ++summary_.identities[IdentityOf(one.entry)][what];
    takers_.change(one);
  }

  void Unanswered(const UnansweredDecision& one) {
    ++summary_.unanswered;
    takers_.unanswered(one);
  }

  const ChosenPolicies& policies_;
  const SimulationTakers& takers_;
  SimulationSummary summary_;
};

}  // namespace

Result<SimulationSummary> Simulate(const std::string& folder, const ChosenPolicies& policies,
                                   const SimulationTakers& takers) {
  Simulation simulation(policies, takers);
  const auto report = ReplayAudit(folder, {}, [&](const AuditRecord& record) {
    simulation.Take(record);
    return true;
  });
  if (!report) return report.error();
  simulation.summary().damaged = report->damaged;
  return std::move(simulation.summary());
}

}  // namespace surety
