#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "agent/command/waiter.h"
#include "tests/fakes/fake_clock.h"

namespace surety {

/// Moves a clock instead of waiting, and writes down for how long.
class FakeWaiter final : public Waiter {
 public:
  explicit FakeWaiter(FakeClock& clock) : clock_(clock) {}

  bool Wait(std::chrono::milliseconds time) override {
    waited.push_back(time);
    clock_.Advance(time);
    return waited.size() < stop_after;
  }

  std::vector<std::chrono::milliseconds> waited;
  std::size_t stop_after = 1'000;  ///< This wait is told to stop.

 private:
  FakeClock& clock_;
};

}  // namespace surety
