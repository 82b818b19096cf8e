#pragma once

#include "surety/admin_client.h"

namespace surety {

/// Answers what the test put into `answer`. Not thread-safe.
class FakeAdminClient final : public AdminClient {
 public:
  explicit FakeAdminClient(Result<DaemonStatus> status) : answer(std::move(status)) {}

  Result<DaemonStatus> GetStatus(std::chrono::milliseconds timeout) override {
    last_timeout = timeout;
    return answer;
  }

  Result<DaemonStatus> answer;
  std::chrono::milliseconds last_timeout{0};
};

}  // namespace surety
