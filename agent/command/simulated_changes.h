#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "agent/command/chosen_policies.h"
#include "agent/record/audit_record.h"
#include "surety/result.h"

namespace surety {

/// A decision that other policies would not have made. Borrowed for the length of a call.
struct SimulatedChange {
  const AuditRecord& record;
  const RecordedDecision& decision;
  const RecordedEntry& entry;
  const Decision& now;
  [[nodiscard]] bool of_verdict() const { return entry.verdict != now.verdict; }
};

/// A decision that could not be asked for again. Borrowed for the length of a call.
struct UnansweredDecision {
  const AuditRecord& record;
  const RecordedDecision& decision;
  std::string spiffe_id;
  std::string why;
};

/// How often, by what: "allow -> refuse".
using CountsOf = std::map<std::string, std::uint64_t>;

struct SimulationSummary {
  std::uint64_t records = 0;    ///< Of decisions; each has one for every entry that matched.
  std::uint64_t decisions = 0;  ///< Asked for again.
  std::uint64_t changed_verdicts = 0;
  std::uint64_t changed_obligations = 0;  ///< Of those whose verdict stays.
  std::uint64_t changed_reasons = 0;      ///< Of those that stay: no change.
  std::uint64_t unanswered = 0;
  std::uint64_t damaged = 0;  ///< Lines.
  CountsOf verdicts;
  std::map<std::string, CountsOf> identities;  ///< By SPIFFE ID, "-" without an entry.
  [[nodiscard]] std::uint64_t changed() const { return changed_verdicts + changed_obligations; }
};

struct SimulationTakers {
  std::function<void(const SimulatedChange&)> change;
  std::function<void(const UnansweredDecision&)> unanswered;
};

/// Asks the policies everything that the log in `folder` says was asked, in its order. A
/// decision changes if its verdict or an obligation does; not
/// if it would be an allow on which the external hook had a say. Errors as of AuditReplay.
Result<SimulationSummary> Simulate(const std::string& folder, const ChosenPolicies& policies,
                                   const SimulationTakers& takers);

}  // namespace surety
