#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/attestor.h"
#include "surety/audit.h"
#include "surety/bundle.h"
#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/issuer.h"
#include "surety/policy.h"
#include "surety/scope.h"

namespace surety {

/// Where updates go. workload_api/ writes them to gRPC, tests to a vector.
/// Called by the turn that owns it; takes the whole message or none.
class SvidSink {
 public:
  virtual ~SvidSink() = default;
  virtual Result<void> Push(const std::vector<X509Svid>& svids, const BundleSet& bundles) = 0;
};

/// What every stream works with. Not owned; all outlive every stream.
struct WalkParts {
  const std::vector<std::unique_ptr<Attestor>>& attestors;
  const EntryStore& entries;
  ScopeLedger& ledger;
  const Policy& policy;
  Issuer& issuer;
  const BundleSource& bundles;
  AuditLog& audit;
};

/// How long a turn may take and how often one is retried.
struct WalkTimes {
  /// How often a stream with nothing to rotate looks again at its process.
  std::chrono::milliseconds recheck{60'000};
  std::chrono::milliseconds attest_deadline{250};  ///< For all attestors of one turn together.
  std::chrono::milliseconds first_retry{2};        ///< After "could not tell"; doubles each time.
  std::chrono::milliseconds last_retry{5'000};     ///< Where the doubling ends.
  std::chrono::milliseconds first_answer{
      10'000};  ///< A stream without an answer by then ends (kUnavailable).
};

/// One identity the caller may have, with the entry that says so.
using Granted = std::vector<std::shared_ptr<const Entry>>;

/// What came of asking for one peer.
struct Authorization {
  Verdict verdict = Verdict::kRefuse;
  std::string reason;  ///< Of the verdict.
  Granted granted;     ///< Not empty exactly when the verdict is kAllow.
  Attestation seen;
  Drift drift;
};

/// The one path to every gain of power: attest, match, find the scope, decide,
/// pin. kPeerGone if the peer exits on the way; writes no audit record itself,
/// since only the caller knows what was minted.
Result<Authorization> Authorize(const WalkParts& parts, const WalkTimes& times, const Peer& peer,
                                Action action, Moment now);

/// When to look again after "could not tell": soon at first, then ever later.
class TurnRetry {
 public:
  explicit TurnRetry(const WalkTimes& times) : times_(times) {}

  /// The time of the turn after one that could not tell.
  BootTime After(BootTime now);
  /// A turn could tell: the next retry begins from the start.
  void Reset() { delay_ = std::chrono::milliseconds{0}; }
  /// True once `first_answer` has passed since the first call of this.
  bool GaveUp(BootTime now);

 private:
  const WalkTimes times_;
  std::chrono::milliseconds delay_{0};
  std::optional<BootTime> first_turn_;
};

/// The life of one FetchX509SVID call: authorize, mint, audit, push; and all of
/// it again at every rotation and at every wake-up. No threads, no clock, no
/// timer of its own. Not thread-safe; one owner calls Step.
class SvidStream {
 public:
  SvidStream(const WalkParts& parts, const WalkTimes& times, Peer peer)
      : parts_(parts), times_(times), peer_(std::move(peer)), retry_(times) {}

  /// One turn. Pushes when the holder has nothing yet, when rotation is due, or
  /// when identities or bundles have changed; else only looks. Returns when to
  /// call next, or the Error that ends the stream: kPermissionDenied (refused),
  /// kPeerGone, kUnavailable (no answer within `first_answer`), or the sink's.
  Result<BootTime> Step(Moment now, SvidSink& sink);

  /// What the last push gave. Empty before the first.
  [[nodiscard]] const Granted& held() const { return held_; }

 private:
  Result<BootTime> Mint(const Authorization& authorization, Moment now, SvidSink& sink);
  Result<BootTime> NotNow(const Authorization& authorization, const Error& why, Moment now);
  Result<void> Record(const Authorization& authorization, Moment now,
                      const std::vector<X509Svid>& minted);
  [[nodiscard]] Action action() const { return held_.empty() ? Action::kIssue : Action::kRotate; }

  const WalkParts parts_;
  const WalkTimes times_;
  const Peer peer_;

  Granted held_;
  std::uint64_t held_revision_ = 0;  // Of the bundles in the last push.
  BootTime rotate_at_{};             // Of the SVID that is due first.
  TurnRetry retry_;
  // What the last record said, so that a turn that finds nothing new leaves none.
  std::string recorded_reason_;
  Drift recorded_drift_;
};

/// The life of one FetchX509Bundles call. The same walk with nothing minted.
/// Not thread-safe; one owner calls Step.
class BundleStream {
 public:
  /// As SvidSink, for bundles alone.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual Result<void> Push(const BundleSet& bundles) = 0;
  };

  BundleStream(const WalkParts& parts, const WalkTimes& times, Peer peer)
      : parts_(parts), times_(times), peer_(std::move(peer)), retry_(times) {}

  /// As SvidStream::Step. Pushes when the bundles have changed.
  Result<BootTime> Step(Moment now, Sink& sink);

 private:
  Result<void> Record(const Authorization& authorization, Moment now);

  const WalkParts parts_;
  const WalkTimes times_;
  const Peer peer_;
  std::optional<std::uint64_t> pushed_revision_;
  TurnRetry retry_;
  std::string recorded_reason_;
};

/// How long to hold an SVID of this lifetime before the next: half of it, give
/// or take a tenth that `serial` decides, so that SVIDs minted together are not
/// all renewed together. Pure.
BootClock::duration RotateAfter(BootClock::duration lifetime, std::string_view serial);

}  // namespace surety
