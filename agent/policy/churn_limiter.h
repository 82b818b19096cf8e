#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "agent/policy/bounded_map.h"
#include "surety/call_gate.h"
#include "surety/clock.h"

namespace surety {

/// Holds each lineage to a rate of calls that do not last. A call that ends
/// within ten seconds takes a token when it ends; one that is held takes none,
/// however many there are. While a lineage has no tokens its further calls are
/// refused. Kept in memory only: what a burst leads to is remembered as risk.
/// Thread-safe.
class ChurnLimiter final : public CallGate {
 public:
  struct Limits {
    double tokens_per_second = 200;
    double most_tokens = 2'000;
    std::uint32_t refusals_for_burst = 500;
    std::size_t lineages = 8'192;  ///< Beyond it, the longest silent are forgotten.
  };
  static constexpr Seconds kShort{10};

  /// `burst` is told of a lineage whenever another `refusals_for_burst` of its calls
  /// were refused without a pause long enough for half of its tokens to come back.
  /// Called by Allow, with no lock held.
  ChurnLimiter(Limits limits, std::function<void(const std::string& lineage)> burst)
      : limits_(limits), burst_(std::move(burst)), buckets_(limits.lineages) {}

  bool Allow(const std::string& lineage, BootTime now) override;
  void Closed(const std::string& lineage, BootTime opened, BootTime now) override;

 private:
  struct Bucket {
    double missing = 0;  // Tokens below the most there can be; so that 0 is a new one.
    BootTime at;
    std::uint32_t refusals = 0;
  };
  Bucket& BucketOf(const std::string& lineage, BootTime now);

  const Limits limits_;
  const std::function<void(const std::string&)> burst_;
  std::mutex mutex_;
  BoundedMap<std::string, Bucket> buckets_;  // Guarded by mutex_.
};

}  // namespace surety
