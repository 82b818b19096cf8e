#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/standing.h"

namespace surety {

/// Names a SPIFFE ID for the counts, the same in every run.
std::uint64_t IdentityHash(std::string_view spiffe_id);

/// What one subject (a lineage or a process) has done within the last minute, in
/// buckets of one second: what happened less than 59 seconds ago counts, what
/// happened more than 60 seconds ago does not. Of fixed size. Not thread-safe.
class VelocityCounts {
 public:
  static constexpr Seconds kWindow{60};
  static constexpr Seconds kIdentityWindow{600};
  /// Beyond so many distinct SPIFFE IDs, further ones are not told apart.
  static constexpr std::size_t kMostIdentities = 64;

  /// Counts one. A time before the last one counts as that.
  void Add(Happening what, BootTime now);
  /// Notes that a SPIFFE ID was given out. True if it is another than all those of
  /// the last ten minutes.
  bool AddIdentity(std::string_view spiffe_id, BootTime now);

  [[nodiscard]] Velocity At(BootTime now) const;
  /// Nothing of what was counted counts any more.
  [[nodiscard]] bool Idle(BootTime now) const;

  /// Takes over what another count of the same happenings has seen and this one
  /// has not: the larger number of each second.
  void Join(const VelocityCounts& other);

  /// One line, for the database; without what no longer counts at the last time
  /// that something was counted.
  [[nodiscard]] std::string Text() const;
  /// The reverse. kDataLoss where that is not what `text` is.
  static Result<VelocityCounts> Parse(std::string_view text);

 private:
  static constexpr std::size_t kBuckets = 60;
  static constexpr std::size_t kSorts = 3;
  struct Bucket {
    std::int64_t second = -1;  // Since boot; -1: never used.
    std::array<std::uint16_t, kSorts> counts{};
  };
  struct Identity {
    std::uint64_t hash = 0;
    std::int64_t second = 0;  // When it was last given out.
  };
  Bucket& BucketOf(std::int64_t second);
  void AddHash(std::uint64_t hash, std::int64_t second);

  std::int64_t last_ = 0;
  std::array<Bucket, kBuckets> buckets_{};
  std::vector<Identity> identities_;  // At most kMostIdentities.
};

}  // namespace surety
