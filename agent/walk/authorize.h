#pragma once

#include <optional>
#include <string>
#include <vector>

#include "surety/session.h"

namespace surety {

/// One identity the caller may have, with the entry that says so.
using Matched = std::vector<std::shared_ptr<const Entry>>;

/// What one turn has seen of its process.
struct TurnFacts {
  Attestation seen;
  Matched matched;
  Standing standing;
};

/// What came of asking for one process.
struct Authorization {
  Action action;
  Verdict verdict = Verdict::kRefuse;
  std::string reason;                  ///< Of the verdict.
  std::vector<EntryDecision> entries;  ///< One for each match; one without an entry for none.
  std::optional<Scope> pinned;         ///< As it was when the policy was asked.
  Drift drift;

  /// Whether any decision orders a revocation or a quarantine.
  [[nodiscard]] bool punishes() const;
};

/// Attests and matches. kPeerGone if the process exits on the way.
/// `standing` is of this turn, or why it cannot be told.
Result<TurnFacts> Look(const WalkParts& parts, const WalkRules& rules, const Peer& peer,
                       Result<Standing> standing, Moment now);

/// The one path to every gain of power: find the scope, decide, pin. kPeerGone
/// if the process exits on the way. Writes no record and takes nothing away,
/// since only the caller knows what was minted.
Result<Authorization> Authorize(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                                Action action, ChallengeState challenge);

}  // namespace surety
