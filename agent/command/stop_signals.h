#pragma once

#include <signal.h>

#include <stop_token>
#include <thread>

namespace surety {

/// Turns SIGINT and SIGTERM into a request to stop, for as long as it lives.
/// Made before any other thread is, since these inherit the blocked signals.
class StopSignals {
 public:
  explicit StopSignals(std::stop_source stop);
  StopSignals(const StopSignals&) = delete;
  StopSignals(StopSignals&&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

 private:
  sigset_t signals_;
  sigset_t before_;
  std::thread waiting_;
};

}  // namespace surety
