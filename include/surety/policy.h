#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "surety/attestor.h"
#include "surety/entry.h"
#include "surety/scope.h"
#include "surety/standing.h"

namespace surety {

enum class Action {
  kIssue,    ///< The first SVID for a process, or for one more of its streams.
  kRotate,   ///< Any further one.
  kBundles,  ///< The trust bundles alone.
  kToken,    ///< A JWT-SVID, or a WIT-SVID, which has no audiences.
  kTask,     ///< A narrower identity for a piece of work.
  kRequest,  ///< One request between services.
};

enum class Verdict {
  kAllow,
  kRefuse,     ///< Looked, and says no.
  kChallenge,  ///< Prove more: everything is looked at afresh, twice, and asked again.
  kUndecided,  ///< Could not tell. Nothing is issued; the holder keeps what it
               ///< has and is looked at again soon.
};

std::string_view NameOf(Action action);
std::string_view NameOf(Verdict verdict);

/// How far a challenge has come.
enum class ChallengeState { kNone, kPassed };

/// How the daemon learns of changes between turns.
enum class WakeMode {
  kEvents,  ///< The kernel tells of exec, uid, gid, ptrace and exit; the rest by sweep.
  kSweep,   ///< By sweep alone.
};

std::string_view NameOf(WakeMode mode);

/// What is asked. Borrowed for the length of the call.
struct PolicyRequest {
  Action action;
  const Peer& peer;
  const Attestation& seen;
  bool pinned;         ///< Whether this process has an identity already.
  const Drift& drift;  ///< Empty without a pinned scope.
  const Entry* entry;  ///< Null when no entry matches (any more).
  const Standing& standing;
  ChallengeState challenge = ChallengeState::kNone;
  WakeMode wake = WakeMode::kSweep;
  std::span<const std::string> audiences{};  ///< Of a JWT-SVID.
};

/// What is to be done besides the verdict itself.
struct Obligations {
  std::optional<Seconds> ttl_cap;           ///< What is issued lives no longer.
  bool revoke = false;                      ///< All live SVIDs of the process.
  bool quarantine = false;                  ///< The lineage; all of its live SVIDs are revoked.
  std::optional<Seconds> quarantine_for{};  ///< Absent: until released.
  bool alert = false;
  bool operator==(const Obligations&) const = default;
};

struct Decision {
  Verdict verdict = Verdict::kRefuse;
  /// A stable token for audit, metrics and the caller's status message:
  /// "entry_matched", "no_entry", "drift.executable".
  std::string reason = "unset";
  std::vector<std::string> policies{};  ///< Ids of those that determined it.
  /// Ids of policies that would have had a say but only watch: in monitor mode, or alerts.
  std::vector<std::string> observed{};
  std::vector<std::string> errors{};  ///< Of policies that could not be evaluated: never an allow.
  Obligations obligations{};
  /// What was asked, as the JSON object of docs/policy.md; for the record, which keeps it
  /// word for word, and for asking another policy the same. Empty if nothing was built.
  std::string facts{};
  /// How long an external hook was waited for; absent if it was not asked.
  std::optional<BootClock::duration> hook_took{};
  bool operator==(const Decision&) const = default;
};

/// The runtime hook: asked on every turn before anything is granted, once for
/// each matching entry, and once without an entry where none matches. Thread-safe.
/// Pure, the same request has the same decision, without clock or I/O; but for an
/// external hook (agent/policy/external_hook_policy.h), which is waited for with a
/// deadline.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual Decision Decide(const PolicyRequest& request) const = 0;
  /// Names the set of policies in force: changes with any of them.
  [[nodiscard]] virtual std::string revision() const { return "built-in"; }
};

}  // namespace surety
