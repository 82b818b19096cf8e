#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "workload_api/process_streams.h"

namespace surety {

/// Every process that has streams, or has had some a short while ago. Thread-safe.
class StreamBoard {
 public:
  /// All outlive the board.
  StreamBoard(const WalkParts& walk, const WalkRules& rules, const StreamTimes& times,
              Scheduler& scheduler)
      : walk_(walk), rules_(rules), times_(times), scheduler_(scheduler) {}

  /// Enters an admitted call among the streams of its process, and has it
  /// answered: at once where nothing else waits.
  void Open(const std::shared_ptr<Call>& call, StreamKind kind);
  /// The same for a call for tokens, which is answered once.
  void OpenForTokens(const std::shared_ptr<Call>& call, const TokenRequest& request);
  /// For a question about a token of another trust domain.
  void OpenForForeignToken(const std::shared_ptr<Call>& call, const ForeignTokenAnswer& answer);

  /// For a stream of WIT-SVIDs, of one identity or of all.
  void OpenForWits(const std::shared_ptr<Call>& call, const std::optional<SpiffeId>& spiffe_id);

  /// For a stream of secrets, which has heard its first request.
  void OpenForSecrets(const std::shared_ptr<Call>& call, SecretSubscription subscription);
  /// A later request on such a stream.
  void HearSecrets(const std::shared_ptr<Call>& call, const SecretRequest& request);

  /// At most `most` streams.
  [[nodiscard]] std::vector<SessionStatus> Describe(std::size_t most) const;

 private:
  using Joined = ProcessStreams::Joined;

  // `full`: what the call is told if the process has too many like it.
  void Enlist(const std::shared_ptr<Call>& call, const grpc::Status& full,
              const std::function<Joined(ProcessStreams&)>& join);
  std::shared_ptr<ProcessStreams> Find(const Peer& peer) const;
  void Enter(const std::shared_ptr<ProcessStreams>& streams);

  const WalkParts walk_;
  const WalkRules rules_;
  const StreamTimes times_;
  Scheduler& scheduler_;

  mutable std::mutex mutex_;
  // All below guarded by mutex_. The scheduler owns them.
  std::unordered_map<ProcessKey, std::weak_ptr<ProcessStreams>> processes_;
  std::size_t sweep_at_ = 64;  // Size at which those that have ended are looked for.
};

}  // namespace surety
