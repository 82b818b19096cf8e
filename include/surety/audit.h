#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "surety/attestor.h"
#include "surety/clock.h"
#include "surety/peer.h"
#include "surety/policy.h"

namespace surety {

/// One SVID, as the record knows it: never its key.
struct IssuedSvid {
  std::string spiffe_id;
  std::string entry_id;
  std::string serial;         ///< Lower-case hex.
  std::string issuer_key_id;  ///< Lower-case hex.
  WallTime not_before;
  WallTime not_after;
  bool revoke_on_exit = true;  ///< Of the entry.
};

/// One token, as the record knows it: never itself.
struct IssuedToken {
  std::string token_id;  ///< The claim "jti".
  std::string key_id;    ///< The header "kid".
  WallTime issued_at;
  WallTime expires_at;
};

/// What was decided for one matching entry, and what came of it.
struct EntryDecision {
  std::shared_ptr<const Entry> entry;  ///< Null: no entry matched.
  Decision decision;
  std::optional<IssuedSvid> issued{};  ///< What is about to be handed out.
  bool minted = false;                 ///< `issued` is new, not one that the process holds.
  std::optional<IssuedToken> token{};  ///< Likewise, of a call for tokens: always new.
};

/// One turn: what was decided for one process, and why. Borrowed for the length
/// of the call.
struct AuditEvent {
  Moment at;
  Action action;
  Verdict verdict;          ///< The best of `entries`.
  std::string_view reason;  ///< Of that.
  const Peer& peer;
  const Attestation& seen;
  bool pinned;
  const Drift& drift;
  const Standing& standing;
  WakeMode wake;
  std::string_view policy_revision;
  std::span<const EntryDecision> entries;
  BootClock::duration latency{};             ///< From the beginning of the turn to this record.
  std::span<const std::string> audiences{};  ///< Of a call for tokens.
};

enum class NoticeSeverity { kInfo, kWarning, kHigh };

std::string_view NameOf(NoticeSeverity severity);

/// Something that happened to the daemon itself: a reload, a clock that was set,
/// a quarantine that was lifted. Borrowed for the length of the call.
struct AuditNotice {
  Moment at;
  std::string_view what;  ///< A stable token: "policy.reloaded", "clock.set", "revoked".
  NoticeSeverity severity = NoticeSeverity::kInfo;
  std::vector<std::pair<std::string, std::string>> details;  ///< Names are stable tokens.
};

/// The record of every decision. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  /// Written BEFORE an SVID leaves the daemon: an Error stops the issue, so that
  /// the record may name an SVID that was not delivered but never lacks one that
  /// was. What is written survives the death of the daemon (it is with the
  /// kernel), and that of the machine within a second. Returns the decision's
  /// id, which is unique for ever.
  virtual Result<std::string> Write(const AuditEvent& event) = 0;

  /// As Write, for what is no decision.
  virtual Result<void> Note(const AuditNotice& notice) = 0;
};

}  // namespace surety
