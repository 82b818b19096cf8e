#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "agent/issuance/crl_publisher.h"
#include "surety/clock.h"

namespace surety {

/// Calls CrlPublisher::Work when it is due and whenever it is woken, on a thread
/// of its own: whoever revokes waits for no signature. Borrows all it is given.
class CrlKeeper {
 public:
  /// `heed` is told of everything that Work has come to, on the keeper's thread.
  CrlKeeper(CrlPublisher& publisher, const Clock& clock,
            std::function<void(const CrlProgress&)> heed);
  CrlKeeper(const CrlKeeper&) = delete;
  CrlKeeper& operator=(const CrlKeeper&) = delete;
  ~CrlKeeper() = default;

  /// Something was revoked, an authority has changed, or the clock was set.
  void Wake();

 private:
  void Run(const std::stop_token& stop);

  CrlPublisher& publisher_;
  const Clock& clock_;
  const std::function<void(const CrlProgress&)> heed_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;   // By mutex_.
  std::jthread thread_;  // Last, so that it starts when all is there.
};

}  // namespace surety
