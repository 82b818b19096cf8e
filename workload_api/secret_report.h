#pragma once

#include <spdlog/fwd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "surety/clock.h"
#include "surety/peer.h"
#include "workload_api/request_rate.h"

namespace surety {

/// Tells the operator what went wrong between us and those who ask for secrets, who can
/// do it as often as they like: so at most a line a second in the long run, and how many
/// were left out. Thread-safe.
class SecretReport {
 public:
  SecretReport(std::shared_ptr<spdlog::logger> logger, const Clock& clock)
      : logger_(std::move(logger)), clock_(clock) {}

  /// A response was not taken, for a reason of the client's own words. `node` is what it
  /// calls itself.
  void Refused(const Peer& peer, std::string_view node, std::string_view why);
  /// A stream has ended for what was asked on it.
  void Ended(const Peer& peer, std::string_view node, std::string_view why);

 private:
  void Tell(const Peer& peer, std::string_view node, std::string_view what, std::string_view why);

  const std::shared_ptr<spdlog::logger> logger_;
  const Clock& clock_;
  std::mutex mutex_;
  RequestRate rate_{50, 1};  // By mutex_, as what follows.
  std::uint64_t untold_ = 0;
};

}  // namespace surety
