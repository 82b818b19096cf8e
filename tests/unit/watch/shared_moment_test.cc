#include "agent/watch/shared_moment.h"

#include <gtest/gtest.h>

#include <set>

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BootTime kNow{seconds(1000)};

TEST(SharedMoment, IsNeverEarlyAndAtMostASixteenthLate) {
  for (BootClock::duration wait(1); wait < std::chrono::hours(24 * 365);
       wait = wait * 3 / 2 + BootClock::duration(1)) {
    const BootTime due = kNow + wait;
    const BootTime shared = SharedMoment(due, kNow);
    EXPECT_GE(shared, due);
    EXPECT_LE(shared - due, wait / 16) << wait.count();
    EXPECT_LT(shared - due, seconds(9)) << wait.count();
  }
}

TEST(SharedMoment, OfWhatIsDueAlreadyIsThatMoment) {
  EXPECT_EQ(SharedMoment(kNow, kNow), kNow);
  EXPECT_EQ(SharedMoment(kNow - seconds(5), kNow), kNow - seconds(5));
}

TEST(SharedMoment, OfNeverIsNever) {
  EXPECT_EQ(SharedMoment(BootTime::max(), kNow), BootTime::max());
}

TEST(SharedMoment, OfManyRotationsSpreadOverASecondAreFew) {
  std::set<BootTime> moments;
  for (int i = 0; i < 1000; ++i)
    moments.insert(SharedMoment(kNow + seconds(5) + milliseconds(i), kNow + milliseconds(i)));
  EXPECT_LE(moments.size(), 5U);
}

}  // namespace
}  // namespace surety
