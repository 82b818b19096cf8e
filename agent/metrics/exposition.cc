#include "agent/metrics/exposition.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/metrics/process_usage.h"
#include "agent/metrics/status_families.h"

namespace surety {
namespace {

void Append(std::vector<prometheus::MetricFamily> more,
            std::vector<prometheus::MetricFamily>& all) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

}  // namespace

std::string Exposition(const CountedRecord& counted, const MetricsSnapshot& snapshot) {
  auto all = FamiliesOf(snapshot);
  Append(counted.Collect(), all);
  if (const auto usage = ReadProcessUsage()) Append(FamiliesOf(*usage), all);
  std::ranges::sort(all, {}, &prometheus::MetricFamily::name);
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace surety
