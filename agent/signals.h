#pragma once

#include <optional>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// SIGTERM, SIGINT and SIGHUP as a descriptor (signalfd(2)). Made before any
/// thread is, so that every thread inherits their being blocked; SIGPIPE is
/// ignored from then on. One owner.
class Signals {
 public:
  static Result<Signals> Block();

  /// The next signal; nullopt if none comes within `patience`.
  std::optional<int> Wait(std::chrono::milliseconds patience);

 private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace surety
