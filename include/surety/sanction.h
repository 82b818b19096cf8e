#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/audit.h"
#include "surety/clock.h"
#include "surety/process.h"
#include "surety/result.h"
#include "surety/standing.h"

namespace surety {

/// RFC 5280 section 5.3.1.
enum class RevocationReason {
  kKeyCompromise = 1,
  kSuperseded = 4,
  kCessationOfOperation = 5,  ///< The process has exited.
  kPrivilegeWithdrawn = 9,    ///< It jumped scope, or its lineage is in quarantine.
};

/// One SVID that must no longer be believed.
struct Revocation {
  std::string serial;         ///< Lower-case hex.
  std::string issuer_key_id;  ///< Of the authority that signed it; lower-case hex.
  WallTime revoked_at;
  RevocationReason reason = RevocationReason::kPrivilegeWithdrawn;
  WallTime not_after;  ///< Of the SVID: after it the CRL need not name it.
  bool operator==(const Revocation&) const = default;
};

/// What a CRL is made of. Thread-safe.
class RevocationSource {
 public:
  virtual ~RevocationSource() = default;
  /// All that are revoked and have not expired at `now`, sorted by serial.
  [[nodiscard]] virtual std::vector<Revocation> Revoked(WallTime now) const = 0;
  /// Rises with every new revocation.
  [[nodiscard]] virtual std::uint64_t revision() const = 0;
};

/// Why and to whom. Borrowed for the length of the call.
struct Sentence {
  const ProcessKey& process;
  const Standing& standing;
  const std::string& entry_id;  ///< Whose SVIDs: of this entry alone; empty: of all.
  const std::string& reason;    ///< Of the decision.
  const std::string& decision;  ///< Its id; empty when the record could not be written.
};

/// Takes away what was given. Every effect is on disk before the call returns,
/// and in force by then; an Error says that it is in force but could not be
/// stored, and that storing is tried again. Thread-safe.
/// In agent/record/sanctions.h; tests: tests/fakes/fake_walk.h.
class Sanctions {
 public:
  virtual ~Sanctions() = default;
  /// Remembers what a process was given, so that it can be taken away. Called
  /// after the record was written, from which it can be learnt again; never fails.
  virtual void Given(const Peer& peer, const Standing& standing,
                     const std::vector<IssuedSvid>& svids) = 0;
  /// Whether a process still has what it was given: false once it was taken away.
  [[nodiscard]] virtual bool StillGiven(const IssuedSvid& svid) const = 0;
  /// Revokes the live SVIDs of one process.
  virtual Result<void> Revoke(const Sentence& sentence, RevocationReason reason, Moment now) = 0;
  /// Revokes what a process holds of all entries but these, whatever entry the
  /// sentence names: they matched it once, and do not any more.
  virtual Result<void> RevokeOthers(const Sentence& sentence,
                                    const std::vector<std::string>& entry_ids,
                                    RevocationReason reason, Moment now) = 0;
  /// Quarantines the lineage, revokes all of its live SVIDs and wakes its processes.
  virtual Result<void> Quarantine(const Sentence& sentence, std::optional<Seconds> duration,
                                  Moment now) = 0;
};

}  // namespace surety
