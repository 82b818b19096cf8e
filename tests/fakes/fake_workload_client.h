#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "surety/workload_client.h"

namespace surety {

/// Answers from a script. Not thread-safe.
class FakeWorkloadClient final : public WorkloadClient {
 public:
  /// One stream: its messages, then how it ends.
  struct Stream {
    std::vector<WorkloadUpdate> messages;
    Error ended{ErrorCode::kUnavailable, "the daemon ended the stream"};
  };

  Result<WorkloadUpdate> FetchX509(std::chrono::milliseconds timeout) override {
    last_timeout = timeout;
    if (!answer) return Error(ErrorCode::kInternal, "the test has no answer for this call");
    return *std::exchange(answer, std::nullopt);
  }

  Result<std::vector<DeliveredToken>> FetchJwt(const TokenDemand& demand,
                                               std::chrono::milliseconds /*timeout*/) override {
    last_demand = demand;
    if (!tokens) return Error(ErrorCode::kInternal, "the test has no answer for this call");
    return *std::exchange(tokens, std::nullopt);
  }

  Result<std::vector<DeliveredWit>> FetchWit(const std::string& spiffe_id,
                                             std::chrono::milliseconds /*timeout*/) override {
    last_demand.spiffe_id = spiffe_id;
    if (!wits) return Error(ErrorCode::kInternal, "the test has no answer for this call");
    return *std::exchange(wits, std::nullopt);
  }

  Result<BelievedToken> ValidateJwt(const std::string& audience, const std::string& token,
                                    std::chrono::milliseconds /*timeout*/) override {
    validated = {audience, token};
    if (!believed) return Error(ErrorCode::kInvalidArgument, "the signature is wrong");
    return *believed;
  }

  Error WatchX509(const std::function<void(WorkloadUpdate)>& take,
                  const std::stop_token& stop) override {
    if (streams.empty()) return {ErrorCode::kInvalidArgument, "the script is over"};
    Stream stream = std::move(streams.front());
    streams.pop_front();
    ++opened;
    for (WorkloadUpdate& message : stream.messages) {
      if (stop.stop_requested()) break;
      take(std::move(message));
    }
    return stream.ended;
  }

  std::optional<Result<WorkloadUpdate>> answer;
  std::optional<Result<std::vector<DeliveredToken>>> tokens;
  std::optional<Result<std::vector<DeliveredWit>>> wits;
  std::optional<BelievedToken> believed;
  TokenDemand last_demand{};
  std::pair<std::string, std::string> validated;
  std::deque<Stream> streams;
  std::chrono::milliseconds last_timeout{0};
  int opened = 0;
};

}  // namespace surety
