#pragma once

#include <string>
#include <string_view>

#include "agent/metrics/counted_record.h"
#include "agent/metrics/snapshot.h"

namespace surety {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format, version 0.0.4: what was counted, what the daemon's
/// status says, and what its process uses.
std::string Exposition(const CountedRecord& counted, const MetricsSnapshot& snapshot);

}  // namespace surety
