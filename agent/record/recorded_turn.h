#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "surety/audit.h"
#include "surety/clock.h"
#include "surety/lineage.h"
#include "surety/policy.h"
#include "surety/process.h"

namespace surety {

/// One turn as the audit log tells it: what is remembered of it can be learnt
/// again after a daemon died before it was stored.
struct RecordedTurn {
  std::uint64_t sequence = 0;
  std::string boot_id;
  Moment at{};
  ProcessKey process;
  Lineage lineage;  ///< As it was recorded with the process (Standing::lineage).
  Action action = Action::kIssue;
  Verdict verdict = Verdict::kRefuse;
  std::vector<IssuedSvid> minted;     ///< What this turn was about to hand out anew.
  std::vector<std::string> tokens{};  ///< The SPIFFE IDs of the tokens likewise.
};

}  // namespace surety
