#pragma once

#include <memory>
#include <optional>
#include <span>
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
  std::shared_ptr<const Scope> pinned;  ///< Null: it had none when the turn began.
  Drift drift;                          ///< Since then. Empty without a scope.
};

/// What is asked of the policy, besides the facts.
struct Question {
  Action action;
  ChallengeState challenge = ChallengeState::kNone;
  /// Of a token. An entry that does not list all of them grants none.
  std::span<const std::string> audiences{};
};

/// What came of asking for one process.
struct Authorization {
  Action action;
  Verdict verdict = Verdict::kRefuse;
  std::string reason;                  ///< Of the verdict.
  std::vector<EntryDecision> entries;  ///< One for each match; one without an entry for none.
  bool pinned = false;                 ///< As it was when the policy was asked.
  Drift drift;
  std::span<const std::string> audiences{};  ///< As they were asked for.

  /// Whether any decision orders a revocation or a quarantine.
  [[nodiscard]] bool punishes() const;
};

/// Attests and matches. kPeerGone if the process exits on the way.
/// `standing` is of this turn, or why it cannot be told.
Result<TurnFacts> Look(const WalkParts& parts, const WalkRules& rules, const Peer& peer,
                       Result<Standing> standing, Moment now);

/// The one path to every gain of power: decide for each of the entries, pin. kPeerGone if the
/// process exits on the way. Writes no record and takes nothing away, since only the caller knows
/// what was minted. `matched` is of the facts: all of it, or what was asked for by name.
Result<Authorization> Authorize(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                                const Matched& matched, const Question& question);

/// Those of this SPIFFE ID; all without one.
Matched NamedBy(const std::optional<SpiffeId>& spiffe_id, const Matched& matched);

/// What the policy says of one more entry, on the same facts and the same scope.
Decision DecideAlso(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                    const Authorization& authorization, const Entry& entry);

}  // namespace surety
