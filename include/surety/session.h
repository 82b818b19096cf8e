#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "surety/attestor.h"
#include "surety/audit.h"
#include "surety/bundle.h"
#include "surety/call_gate.h"
#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/federation.h"
#include "surety/issuer.h"
#include "surety/policy.h"
#include "surety/sanction.h"
#include "surety/scope.h"
#include "surety/standing.h"
#include "surety/token.h"
#include "surety/watcher.h"
#include "surety/wit.h"

namespace surety {

struct TurnFacts;
struct Authorization;

/// What every turn works with. Not owned; all outlive every session.
struct WalkParts {
  const std::vector<std::unique_ptr<Attestor>>& attestors;
  const EntryStore& entries;
  ScopeLedger& ledger;
  History& history;
  const Policy& policy;
  Issuer& issuer;
  const BundleSource& bundles;
  TokenIssuer& tokens;
  const Federation& federation;
  AuditLog& audit;
  Sanctions& sanctions;
  Watcher& watcher;
  CallGate& gate;
  const Clock& clock;
  WitIssuer* wits = nullptr;  ///< Null: that profile is off, and nobody may ask for it.
};

/// How long a turn may take, how often one is retried, and the last word.
struct WalkRules {
  /// How often a session with nothing to rotate looks again at its process.
  std::chrono::milliseconds recheck{60'000};
  std::chrono::milliseconds attest_deadline{250};  ///< For all attestors of one turn together.
  std::chrono::milliseconds first_retry{2};        ///< After "could not tell"; doubles each time.
  std::chrono::milliseconds last_retry{5'000};     ///< Where the doubling ends.
  std::chrono::milliseconds challenge_gap{100};    ///< Between the two looks of a challenge.
  /// Whether streams end (kPermissionDenied) when what they hold expires while it
  /// still cannot be told who they are; else they wait on, with nothing valid.
  bool refuse_at_expiry = false;
};

/// What all streams of one process that ask for SVIDs should have received last.
/// Never changes once it is shared.
struct SvidUpdate {
  std::vector<std::shared_ptr<const X509Svid>> svids;  ///< The default identity first.
  std::shared_ptr<const BundleSet> bundles;
};

/// The same for streams that ask for WIT-SVIDs.
struct WitUpdate {
  std::vector<std::shared_ptr<const WitSvid>> svids;  ///< The default identity first.
};

/// When to look again after "could not tell": soon at first, then ever later.
class TurnRetry {
 public:
  explicit TurnRetry(const WalkRules& rules) : first_(rules.first_retry), last_(rules.last_retry) {}

  /// The time of the turn after one that could not tell.
  BootTime After(BootTime now);
  /// A turn could tell: the next retry begins from the start.
  void Reset() { delay_ = std::chrono::milliseconds{0}; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds last_;
  std::chrono::milliseconds delay_{0};
};

/// Everything looked at afresh, twice with an interval between, with the same outcome.
/// Turns that come sooner, because the process opens one stream after the other, prove
/// nothing and have nothing looked up again.
class Challenge {
 public:
  enum class State {
    kLookAgain,  ///< Take another turn at due().
    kPassed,     ///< Ask the policy again.
  };
  explicit Challenge(BootClock::duration gap) : gap_(gap) {}

  /// Whether the turn at `now` begins a look, and so with nothing that is cached.
  /// True once for each look, however many turns it takes until all is known.
  bool BeginsLook(BootTime now);
  /// Called with what a turn saw that was told to challenge.
  State Saw(const Attestation& seen, BootTime now);
  void Reset() { looks_ = 0; }
  /// Whether one is under way.
  [[nodiscard]] bool pending() const { return looks_ > 0; }
  /// When the next look is to begin.
  [[nodiscard]] BootTime due() const { return due_; }

 private:
  const BootClock::duration gap_;
  int looks_ = 0;       // The one that is under way or due: the first or the second; 0: none.
  bool begun_ = false;  // It is under way.
  BootTime due_;
  SelectorSet first_fresh_;
};

/// The identity of one process for as long as it has streams or an SVID: authorize, mint,
/// record, hand out; and all of it again at every rotation and every wake-up.
/// All streams of the process share one key and serial for each entry. No
/// threads, no timer of its own. Not thread-safe; one owner calls Step.
class Session {
 public:
  /// One call for tokens.
  struct TokenAsk {
    std::shared_ptr<const TokenRequest> request;
    bool newcomer = true;  ///< No turn has begun since it came.
  };

  /// The streams that ask for WIT-SVIDs of the same.
  struct WitAsk {
    std::optional<SpiffeId> spiffe_id{};  ///< Absent: every identity of the caller's.
    std::uint32_t newcomers = 0;          ///< Of them, as Demand::newcomers, not counted there.
  };

  /// What is asked for by the streams that are open.
  struct Demand {
    bool svids = false;           ///< Some stream wants SVIDs.
    bool bundles = false;         ///< Some stream wants bundles alone, of whichever kind.
    std::uint32_t newcomers = 0;  ///< Streams that have had no answer yet.
    /// Calls for tokens that wait for their answer. Borrowed for the length of the turn.
    std::span<const TokenAsk> tokens{};
    /// Likewise; each asks for something else.
    std::span<const WitAsk> wits{};
  };

  /// The outcome for one kind of stream.
  struct Outcome {
    Verdict verdict = Verdict::kUndecided;
    std::string reason;    ///< A sentence for the caller, unless allowed.
    std::string decision;  ///< Its id in the record; empty if there is none.
  };

  /// The outcome for one call for tokens. Nothing of it is kept: the next call gets
  /// tokens of its own.
  struct TokenAnswer {
    Outcome outcome;
    std::vector<JwtSvid> tokens;  ///< In the order of SVIDs; empty unless allowed.
  };

  /// The outcome for the streams of one WitAsk.
  struct WitAnswer {
    Outcome outcome;
    /// As Turn::svid_update; null unless allowed.
    std::shared_ptr<const WitUpdate> update{};
  };

  struct Turn {
    std::optional<BootTime> next;  ///< When to call Step again at the latest.
    /// The newcomers are too many: they end (kResourceExhausted), unanswered.
    bool crowded = false;
    Outcome svids;  ///< Means something if demanded.
    Outcome bundles;
    /// What every stream should have; while undecided, what those should have that were
    /// served before: the same SVIDs with the newest bundles. Null if nothing. The same
    /// object as before as long as nothing has changed.
    std::shared_ptr<const SvidUpdate> svid_update;
    std::shared_ptr<const BundleSet> bundle_update;
    std::shared_ptr<const TokenBundles> token_bundle_update;
    std::shared_ptr<const TokenBundles> wit_bundle_update{};  ///< Null if that profile is off.
    std::vector<TokenAnswer> tokens{};  ///< As demanded, in that order; none if crowded.
    std::vector<WitAnswer> wits{};      ///< Likewise; none if crowded while nothing is held.
  };

  Session(const WalkParts& parts, const WalkRules& rules, Peer peer)
      : parts_(parts),
        rules_(rules),
        peer_(std::move(peer)),
        retry_(rules),
        challenge_(rules.challenge_gap),
        token_retry_(rules),
        token_challenge_(rules.challenge_gap) {}

  /// One turn. Looks at the process in any case; mints when the process holds
  /// nothing yet, when rotation is due, or when its identities have changed; never
  /// without a demand, but then too who holds something and is refused loses it. An
  /// Error (kPeerGone) ends every stream.
  Result<Turn> Step(Moment now, const Demand& demand);

  [[nodiscard]] const Peer& peer() const { return peer_; }
  /// The SPIFFE IDs that the process holds SVIDs of, in order.
  [[nodiscard]] std::vector<std::string> held_ids() const;
  /// Of the last turn; empty before the first that could tell.
  [[nodiscard]] const std::string& lineage() const { return lineage_; }
  /// When the last of what is held expires; nothing if nothing is held.
  [[nodiscard]] std::optional<BootTime> held_until() const;

 private:
  struct Held {
    std::shared_ptr<const Entry> entry;
    std::shared_ptr<const X509Svid> svid;
    IssuedSvid issued;
    BootTime rotate_at;
    BootTime expires_at;
  };
  struct HeldWit {
    std::shared_ptr<const Entry> entry;
    std::shared_ptr<const WitSvid> svid;
    BootTime rotate_at;
    BootTime expires_at;
  };
  /// What the last record said, so that a turn that finds nothing new leaves none.
  struct Recorded {
    std::string summary;  ///< Of the verdict and of every entry's decision.
    Drift drift;
    std::string decision;
  };
  /// What the streams of one WitAsk have.
  struct WitSet {
    std::vector<HeldWit> held;
    std::shared_ptr<const WitUpdate> update;
    Recorded recorded;
  };
  /// One kind of stream within one turn.
  struct Ask {
    const TurnFacts& facts;
    Moment now;
    bool newcomers = false;
    Recorded& recorded;
    Turn& turn;
    Outcome& outcome;
  };

  /// What the calls for tokens of one turn have come to.
  struct TokenTurn {
    std::optional<Challenge::State> look;  ///< Of a challenge; the same for all of them.
    bool undecided = false;                ///< Some are, for another reason.
  };

  [[nodiscard]] static std::uint32_t NewcomersOf(const Demand& demand);
  bool LetIn(const Standing& standing, std::uint32_t newcomers, Moment now);
  Result<void> StepSvids(const Ask& ask);
  Result<void> StepAlone(const Ask& ask);
  Result<void> StepBundles(const Ask& ask);
  Result<void> HandOut(const Ask& ask, Authorization& authorization);
  Result<void> Refuse(const Ask& ask, const Authorization& authorization);
  Result<void> LookAgain(const Ask& ask, Authorization& authorization);
  void NotNow(const Ask& ask, Authorization& authorization, const std::string& why);
  void KeepInformed(const Ask& ask, Action action);
  void GrantBundles(const Authorization& authorization, const Attestation& seen);
  void ShowBundles(Turn& turn) const;
  [[nodiscard]] std::shared_ptr<const BundleSet> BundlesFor(const std::vector<Held>& held) const;

  Result<void> StepTokens(const TurnFacts& facts, Moment now, std::span<const TokenAsk> asks,
                          TokenTurn& tokens, Turn& turn);
  Result<Authorization> AuthorizeToken(const Ask& ask,
                                       const std::vector<std::shared_ptr<const Entry>>& named,
                                       std::span<const std::string> audiences, TokenTurn& tokens);
  void ConcludeTokens(const TokenTurn& tokens, Moment now, Turn& turn);
  Result<void> StepToken(const Ask& ask, const TokenRequest& request, TokenTurn& tokens,
                         TokenAnswer& answer);
  Result<void> HandOutTokens(const Ask& ask, const TokenRequest& request,
                             Authorization& authorization, TokenAnswer& answer);
  void TokensNotNow(const Ask& ask, Authorization& authorization, const std::string& why);
  Result<std::vector<JwtSvid>> MintTokens(const TokenRequest& request, Authorization& authorization,
                                          Moment now);

  // In session_wits.cc.
  Result<void> StepWits(const TurnFacts& facts, Moment now, std::span<const WitAsk> asks,
                        TokenTurn& tokens, Turn& turn);
  Result<void> StepWit(const Ask& ask, const std::optional<SpiffeId>& spiffe_id, TokenTurn& tokens,
                       WitSet& set);
  Result<void> HandOutWits(const Ask& ask, Authorization& authorization, TokenTurn& tokens,
                           WitSet& set);
  void WitsNotNow(const Ask& ask, Authorization& authorization, const std::string& why,
                  WitSet& set);
  Result<std::vector<HeldWit>> MintWits(Authorization& authorization, const WitSet& set,
                                        Moment now) const;
  Result<HeldWit> MintWit(EntryDecision& granted, Moment now) const;
  static bool IsStillGood(const HeldWit& held, const EntryDecision& granted, bool rotating,
                          Moment now);
  void KeepWits(const Ask& ask, Authorization& authorization, const WitSet& set,
                std::vector<HeldWit>& next) const;
  void CallAgainForWits(const Ask& ask, bool pinned, const WitSet& set) const;
  [[nodiscard]] bool HoldsNothing() const;

  Result<std::vector<Held>> Mint(Authorization& authorization, Moment now);
  void Keep(const Ask& ask, Authorization& authorization, std::vector<Held>& next) const;
  bool StaysUndecided(const Ask& ask, Authorization& authorization,
                      const std::shared_ptr<const Entry>& entry) const;
  [[nodiscard]] bool StillWaits(const Entry& entry, const Attestation& seen) const;
  [[nodiscard]] const Held* StillGood(const EntryDecision& granted, bool rotating,
                                      Moment now) const;
  void Share(std::vector<Held> next);
  Result<void> Record(const Ask& ask, const Authorization& authorization, bool news);
  void Suspect(const Ask& ask, const Authorization& authorization);
  void Punish(const Ask& ask, const Authorization& authorization);
  void PunishForWhatItWas(const Ask& ask, const Authorization& authorization);
  [[nodiscard]] bool ExpiredBy(Moment now) const;

  const WalkParts parts_;
  const WalkRules rules_;
  const Peer peer_;

  std::string lineage_;
  bool heard_of_birth_ = false;
  std::vector<Held> held_;
  std::shared_ptr<const SvidUpdate> update_;  // Of held_ and the bundles it was made with.
  // What streams of bundles were granted for, without those that name no other trust domain.
  std::vector<std::shared_ptr<const Entry>> federating_;
  TurnRetry retry_;
  Challenge challenge_;
  TurnRetry token_retry_;
  Challenge token_challenge_;  // One of its own, since what passes one may not pass the other.
  Recorded recorded_svids_;
  Recorded recorded_bundles_;
  Recorded recorded_tokens_;
  std::map<std::string, WitSet> wits_;  // By the SPIFFE ID that is asked for; "": by all.
};

/// How long to hold an SVID of this lifetime before the next: half of it, give
/// or take a tenth that `serial` decides, so that SVIDs minted together are not
/// all renewed together. Pure.
BootClock::duration RotateAfter(BootClock::duration lifetime, std::string_view serial);

}  // namespace surety
