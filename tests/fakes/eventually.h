#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace surety::fakes {

/// Waits until something is so, at most ten seconds.
inline bool Eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return holds();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace surety::fakes
