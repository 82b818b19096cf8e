#include "agent/policy/churn_limiter.h"

#include <algorithm>

namespace surety {

ChurnLimiter::Bucket& ChurnLimiter::BucketOf(const std::string& lineage, BootTime now) {
  Bucket& bucket = buckets_.Touch(lineage);
  const std::chrono::duration<double> passed =
      std::max(now - bucket.at, BootClock::duration::zero());
  bucket.missing = std::max(0.0, bucket.missing - passed.count() * limits_.tokens_per_second);
  bucket.at = std::max(bucket.at, now);
  if (bucket.missing <= limits_.most_tokens / 2) bucket.refusals = 0;
  return bucket;
}

bool ChurnLimiter::Allow(const std::string& lineage, BootTime now) {
  {
    const std::lock_guard lock(mutex_);
    Bucket& bucket = BucketOf(lineage, now);
    if (bucket.missing <= limits_.most_tokens - 1) return true;
    if (++bucket.refusals < limits_.refusals_for_burst) return false;
    bucket.refusals = 0;
  }
  if (burst_) burst_(lineage);
  return false;
}

void ChurnLimiter::Closed(const std::string& lineage, BootTime opened, BootTime now) {
  if (now - opened >= kShort) return;
  const std::lock_guard lock(mutex_);
  Bucket& bucket = BucketOf(lineage, now);
  // Calls that were open at the same time may all end in debt, but never so deep
  // that twice the time to fill a bucket would not pay for it.
  bucket.missing = std::min(bucket.missing + 1, 2 * limits_.most_tokens);
}

}  // namespace surety
