#pragma once

#include <string>

#include "surety/clock.h"

namespace surety {

/// Holds each lineage to a rate of calls, however many processes it splits them
/// over. Thread-safe. In agent/policy/churn_limiter.h; tests: tests/fakes/fake_walk.h.
class CallGate {
 public:
  virtual ~CallGate() = default;
  /// Whether a lineage may open one more call; if not, the answer to it is
  /// RESOURCE_EXHAUSTED.
  virtual bool Allow(const std::string& lineage, BootTime now) = 0;
  /// A call that was allowed has ended.
  virtual void Closed(const std::string& lineage, BootTime opened, BootTime now) = 0;
};

}  // namespace surety
