#pragma once

#include <string>
#include <string_view>
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
  std::string serial;
  WallTime not_after;
};

/// One decision and what came of it. Borrowed for the length of the call.
struct AuditEvent {
  Moment at;
  Action action;
  Verdict verdict;
  std::string_view reason;
  const Peer& peer;
  std::vector<IssuedSvid> issued;  ///< Empty unless something was minted.
  const Drift& drift;
  const std::vector<MissingFact>& missing;
};

/// The record of every decision. Thread-safe. Written BEFORE the SVID leaves the
/// daemon: an Error stops the issue, so that the record may name an SVID that
/// was not delivered but never lacks one that was.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual Result<void> Write(const AuditEvent& event) = 0;
};

}  // namespace surety
