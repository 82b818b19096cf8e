#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// Lets questions through to a hook: so many at one time while it answers; one now and
/// then once it did not, so that a hook that hangs holds one thread at most, and all
/// threads no longer than one timeout. Thread-safe.
class HookGate {
 public:
  static constexpr std::chrono::milliseconds kFirstPause{100};  ///< Doubles with each failure.
  static constexpr std::chrono::milliseconds kLastPause{1'000};

  /// The right to ask one question, given back by Answered or Failed.
  struct Permit {
    bool probe = false;  ///< It asks whether the hook is back.
  };
  struct Failure {
    Moment since;
    std::string why;  ///< Of the last question.
  };

  explicit HookGate(std::size_t most_questions) : most_questions_(most_questions) {}

  /// An Error says why nobody is asked now: kResourceExhausted if too many ask already,
  /// kUnavailable after a failure.
  Result<Permit> Enter(BootTime now);

  /// The failure that this answer has ended, if there was one.
  std::optional<Failure> Answered(const Permit& permit);

  /// True if the hook had not failed before.
  bool Failed(const Permit& permit, std::string why, Moment now);

  [[nodiscard]] std::optional<Failure> failure() const;

 private:
  void Leave(const Permit& permit);  // Expects mutex_ to be held.

  const std::size_t most_questions_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  std::size_t asking_ = 0;
  bool probing_ = false;
  std::optional<Failure> failure_;
  std::chrono::milliseconds pause_{0};
  BootTime probe_at_{};
};

}  // namespace surety
