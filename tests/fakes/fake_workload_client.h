#pragma once

#include <deque>
#include <functional>
#include <optional>
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
  std::deque<Stream> streams;
  std::chrono::milliseconds last_timeout{0};
  int opened = 0;
};

}  // namespace surety
