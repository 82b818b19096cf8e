#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "agent/metrics/process_usage.h"
#include "agent/metrics/snapshot.h"

namespace surety {

/// What the daemon's status says, as families of docs/metrics.md. A time that is not known
/// is left out.
std::vector<prometheus::MetricFamily> FamiliesOf(const MetricsSnapshot& snapshot);

/// The families "process_…", whose names are those of Prometheus' own client libraries.
std::vector<prometheus::MetricFamily> FamiliesOf(const ProcessUsage& usage);

}  // namespace surety
