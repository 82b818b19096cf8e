#pragma once

#include <chrono>
#include <stop_token>
#include <utility>

namespace surety {

/// Lets time pass for a command. Tests: tests/fakes/fake_waiter.h.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// False if told to stop before the time was over, or earlier.
  virtual bool Wait(std::chrono::milliseconds time) = 0;
};

/// Waits for real, until `stop` is requested.
class StoppableWaiter final : public Waiter {
 public:
  explicit StoppableWaiter(std::stop_token stop) : stop_(std::move(stop)) {}
  bool Wait(std::chrono::milliseconds time) override;

 private:
  const std::stop_token stop_;
};

}  // namespace surety
