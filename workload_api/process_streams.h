#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "surety/daemon_status.h"
#include "surety/scheduler.h"
#include "surety/session.h"
#include "workload_api/call.h"
#include "workload_api/request_rate.h"
#include "workload_api/secret_subscription.h"

namespace surety {

/// Streams of secrets are of two kinds, by what they ask for: what an X.509 stream of SVIDs
/// would give, or bundles alone.
enum class StreamKind {
  kX509Svids,
  kX509Bundles,
  kJwtBundles,
  kWitBundles,
  kSvidSecrets,
  kBundleSecrets,
  kForeignTokens,  ///< No stream: a question about a token of another trust domain.
  kWitSvids,       ///< Each of them may ask for something else: kept apart.
};
inline constexpr std::size_t kStreamKinds = 7;  ///< But for kWitSvids.

/// The answer to a call that asks about a token of another trust domain which is to be
/// believed, for who may have the bundle of that one.
struct ForeignTokenAnswer {
  TrustDomain trust_domain;
  grpc::ByteBuffer reply;
};

struct StreamTimes {
  std::chrono::milliseconds first_answer{
      10'000};  ///< A stream without an answer by then ends (UNAVAILABLE).
  /// How long a refusal is kept, so that asking again at once leaves no second record.
  std::chrono::milliseconds linger_refused{10'000};
};

/// All streams of one process and its calls for tokens, which share one Session: a turn
/// looks at the process once and tells all of them. Thread-safe.
class ProcessStreams final : public ScheduledTurn {
 public:
  ProcessStreams(const WalkParts& walk, const WalkRules& rules, const StreamTimes& times, Peer peer)
      : gate_(walk.gate),
        clock_(walk.clock),
        times_(times),
        peer_(std::move(peer)),
        session_(walk, rules, peer_) {}

  enum class Joined {
    kYes,
    kGone,  ///< No turn will be taken any more: the process is to be asked for anew.
    kFull,  ///< The process has kMostTokenCalls, kMostSecretStreams or kMostWitStreams.
  };
  /// Each of them is decided anew in every turn of the process.
  static constexpr std::size_t kMostTokenCalls = 32;

  Joined Join(std::shared_ptr<Call> call, StreamKind kind);
  /// Likewise for a call that is answered once.
  Joined JoinForTokens(std::shared_ptr<Call> call, TokenRequest request);
  /// Each may ask for something else, which is decided and minted for it alone.
  static constexpr std::size_t kMostWitStreams = 32;
  /// For a stream that asks for WIT-SVIDs; `spiffe_id` absent: of all identities.
  Joined JoinForWits(std::shared_ptr<Call> call, const std::optional<SpiffeId>& spiffe_id);
  Joined JoinForForeignToken(std::shared_ptr<Call> call, ForeignTokenAnswer answer);
  /// Each has a message of its own to be made when a CRL changes.
  static constexpr std::size_t kMostSecretStreams = 64;
  /// For a stream of secrets, which has heard its first request.
  Joined JoinForSecrets(std::shared_ptr<Call> call, SecretSubscription subscription);
  /// A later request on such a stream. Whether a turn is to be taken for it.
  [[nodiscard]] bool HearSecrets(const Call& call, const SecretRequest& request);
  void Leave(const Call& call);
  [[nodiscard]] std::vector<SessionStatus> Describe() const;

  std::optional<BootTime> Take(Moment now) override;
  [[nodiscard]] ProcessKey process() const override { return peer_.process->key(); }
  [[nodiscard]] uid_t share() const override { return peer_.uid; }

 private:
  struct Stream {
    std::shared_ptr<Call> call;
    StreamKind kind;
    std::unique_ptr<SecretSubscription> secrets = nullptr;  // Of a stream of secrets.
    std::unique_ptr<ForeignTokenAnswer> believed = nullptr;
    bool asked = false;   // A turn has begun since it joined, or asked for other secrets.
    bool let_in = false;  // By the gate, which is to be told of its end.
    bool undecided = false;
    std::optional<WallTime> last_push{};
  };
  using Streams = std::unordered_map<const Call*, Stream>;
  using SharedMessage = std::optional<grpc::ByteBuffer>;  // Made once for all of a kind.

  struct TokenCall {
    std::shared_ptr<Call> call;
    std::shared_ptr<const TokenRequest> request;
    bool asked = false;   // A turn has begun since it came.
    bool let_in = false;  // By the gate, which is to be told of its end.
  };
  using TokenCalls = std::unordered_map<const Call*, TokenCall>;

  struct WitStream {
    Stream stream;
    std::optional<SpiffeId> spiffe_id;
    std::shared_ptr<const WitUpdate> told{};
  };
  using WitStreams = std::unordered_map<const Call*, WitStream>;

  // All that follows is for the turn, which holds mutex_ for all of it but Step.
  [[nodiscard]] Session::Demand TakeDemand();
  std::optional<BootTime> WithoutStreams(Moment now);
  void Tell(const Session::Turn& turn, Moment now);
  [[nodiscard]] bool AllKnow(const Session::Turn& turn) const;
  // Whether a request of the stream waits for its answer.
  static bool Owes(const Stream& stream);
  // Whether the stream goes on.
  bool TellNews(Stream& stream, const Session::Turn& turn, SharedMessage& message, Moment now);
  static bool TellNo(Stream& stream, const Session::Outcome& outcome, BootClock::duration patience,
                     Moment now);

  static std::size_t IndexOf(StreamKind kind) { return static_cast<std::size_t>(kind); }
  Joined JoinLocked(Stream stream);
  [[nodiscard]] std::size_t Count(std::initializer_list<StreamKind> kinds) const;
  void Admit(const Session::Turn& turn);
  void Erase(Streams::iterator at);
  // In process_secrets.cc. Whether the stream goes on.
  bool TellSecrets(Stream& stream, const Session::Turn& turn, Moment now);
  void EndSecrets(Stream& stream, const Error& error);
  // In process_foreign_tokens.cc. The call is over then.
  static void AnswerAboutToken(const Stream& stream, const Session::Turn& turn);
  // In process_tokens.cc.
  void TakeTokenDemand();
  void TellTokens(const Session::Turn& turn, Moment now);
  void EndTokens(const grpc::Status& status);
  void Erase(TokenCalls::iterator at);
  // In process_wits.cc.
  void TakeWitDemand();
  void TellWits(const Session::Turn& turn, Moment now);
  // Whether the stream goes on.
  bool TellWit(WitStream& one, const Session::WitAnswer& answer, SharedMessage& message,
               Moment now) const;
  void EndWits(const grpc::Status& status);
  void Erase(WitStreams::iterator at);
  [[nodiscard]] SessionStatus StatusFor(const Stream& stream) const;
  // Whether nobody asks for anything.
  [[nodiscard]] bool Idle() const {
    return streams_.empty() && token_calls_.empty() && wit_streams_.empty();
  }

  CallGate& gate_;
  const Clock& clock_;
  const StreamTimes times_;
  const Peer peer_;
  Session session_;  // Used by the turn alone.

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  Streams streams_;
  std::vector<const Call*> newcomers_;              // Of the turn that is being taken.
  std::vector<const Call*> unserved_;               // Of streams_, and perhaps some that have left.
  std::array<std::size_t, kStreamKinds> counts_{};  // Of streams_, by kind.
  // What all served streams know, by kind.
  std::array<std::shared_ptr<const void>, kStreamKinds> told_{};
  // Of all streams of secrets: each change of names takes a turn.
  RequestRate changed_demands_{64, 4};
  TokenCalls token_calls_;
  // Of the turn that is being taken: what it asks, and for whom, in the same order.
  std::vector<Session::TokenAsk> token_asks_;
  std::vector<const Call*> token_names_;
  WitStreams wit_streams_;
  // Likewise.
  std::vector<Session::WitAsk> wit_asks_;
  std::vector<std::vector<const Call*>> wit_names_;
  std::vector<std::string> held_ids_;
  std::string lineage_;  // Of the last turn.
  std::optional<WallTime> next_turn_;
  std::optional<BootTime> lonely_since_;
  bool closed_ = false;
};

}  // namespace surety
