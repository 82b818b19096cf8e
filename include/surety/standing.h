#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/attestor.h"
#include "surety/clock.h"
#include "surety/lineage.h"
#include "surety/peer.h"
#include "surety/result.h"

namespace surety {

/// What happened within the last minute.
struct Velocity {
  std::uint32_t svids = 0;    ///< Minted.
  std::uint32_t streams = 0;  ///< Calls that were opened.
  /// Turns that ended in a refusal, and calls that were too many to be let in.
  std::uint32_t refusals = 0;
  /// Distinct SPIFFE IDs that were given out, within the last ten minutes.
  std::uint32_t spiffe_ids = 0;
  std::vector<std::uint64_t> identities{};  ///< Those, as IdentityHash (velocity.h) names them.
};

/// One reason for suspicion: a signal of docs/policy.md and what is left of it.
struct RiskPart {
  std::string signal;  ///< "ptrace", "refused", …
  double score = 0;    ///< Halved with every half-life that has passed.
};

/// How suspicious a lineage is: 0 (nothing known) to 100.
struct Risk {
  double score = 0;
  std::vector<RiskPart> parts;  ///< The largest first.
};

/// A lineage or an entry that gets nothing until released or expired.
struct Quarantine {
  std::uint64_t id = 0;
  std::string lineage;   ///< Empty: whatever lineage.
  std::string entry_id;  ///< Empty: whatever entry.
  std::string reason;    ///< A decision's reason, or what the operator wrote.
  std::string decision;  ///< The decision that caused it; empty if an operator did.
  WallTime since;
  std::optional<WallTime> until;  ///< Absent: until released.
};

/// All that is remembered about who is asking, at one time.
struct Standing {
  Lineage lineage;            ///< Recorded when the process was first seen.
  Lineage lineage_now;        ///< As it is told now.
  bool left_lineage = false;  ///< The two differ: itself a drift ("lineage").
  Velocity of_lineage;
  Velocity of_process;
  Risk risk;
  std::vector<Quarantine> quarantines;  ///< Of this lineage, for whatever entry.
  bool starting = false;  ///< The daemon's memory was not yet whole (see docs/policy.md).
};

/// What there is to count.
enum class Happening { kStream, kSvid, kRefusal };

/// Remembers lineages, counts what they do, and tells what stands against them.
/// Survives a restart of the daemon. Thread-safe.
/// In agent/record/history.h; tests: tests/fakes/fake_walk.h.
class History {
 public:
  virtual ~History() = default;

  /// Records the lineage of a process that is seen for the first time: the one
  /// its nearest known ancestor was recorded with, else what is told now. An
  /// Error other than kPeerGone means "could not tell".
  virtual Result<Standing> Look(const Peer& peer, Moment now) = 0;

  /// `spiffe_id` is empty where it plays no part. Never fails; what cannot be
  /// stored counts in memory.
  virtual void Count(const Standing& standing, const ProcessKey& process, Happening what,
                     std::string_view spiffe_id, Moment now) = 0;

  /// Adds a signal of docs/policy.md to the risk of a lineage; an unknown one is ignored.
  virtual void Suspect(const std::string& lineage, std::string_view signal, Moment now) = 0;
};

}  // namespace surety
