#include "agent/issuance/crl_calendar.h"

#include <gtest/gtest.h>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_seconds;

constexpr Seconds kSkew{30};
constexpr Seconds kValidity{3600};
const std::string kKey = "ab";

sys_seconds Wall(Moment now) { return floor<Seconds>(now.wall); }

/// `boot` later than Start(), by a wall clock that is off by `leap`.
Moment Leapt(BootClock::duration boot, BootClock::duration leap) {
  return {.boot = Start().boot + boot, .wall = Start().wall + boot + leap};
}

/// A calendar whose newest CRL was made at that time.
CrlCalendar Made(Moment at) {
  CrlCalendar calendar({}, kSkew, kValidity);
  calendar.Observe(at);
  calendar.Note(kKey, calendar.Next(kKey, at));
  return calendar;
}

TEST(CrlCalendar, DatesByTheClockLessTheSkew) {
  const CrlCalendar calendar({}, kSkew, kValidity);
  const CrlDate date = calendar.Next(kKey, Start());
  EXPECT_EQ(date.this_update, Wall(Start()) - kSkew);
  EXPECT_EQ(date.number,
            static_cast<std::uint64_t>((Wall(Start()) - kSkew).time_since_epoch() / Seconds(1)));
}

TEST(CrlCalendar, EachIsASecondLaterAtLeast) {
  CrlCalendar calendar = Made(Start());
  CrlDate last = calendar.dates().at(kKey);
  for (const auto since : {Seconds(0), Seconds(0), Seconds(1), Seconds(2), Seconds(60)}) {
    const CrlDate next = calendar.Next(kKey, After(since));
    EXPECT_GE(next.this_update, last.this_update + Seconds(1));
    EXPECT_GT(next.number, last.number);
    calendar.Note(kKey, next);
    last = next;
  }
  EXPECT_EQ(last.this_update, Wall(After(Seconds(60))) - kSkew);
}

TEST(CrlCalendar, AuthoritiesHaveTheirOwn) {
  CrlCalendar calendar = Made(Leapt(hours(0), hours(5)));
  EXPECT_EQ(calendar.Next("cd", Start()).this_update, Wall(Start()) - kSkew);
  EXPECT_GT(calendar.Next(kKey, Start()).this_update, Wall(Start()));
}

TEST(CrlCalendar, ClockSetBackLetsNothingGoBack) {
  CrlCalendar calendar = Made(Start());
  CrlDate last = calendar.dates().at(kKey);
  for (auto time = minutes(0); time < minutes(59); time += minutes(10)) {
    const Moment now = Leapt(time, -hours(24));
    calendar.Observe(now);
    const CrlDate next = calendar.Next(kKey, now);
    EXPECT_EQ(next.this_update, last.this_update + Seconds(1));
    EXPECT_EQ(next.number, last.number + 1);
    calendar.Note(kKey, next);
    last = next;
  }
}

TEST(CrlCalendar, ClockThatWasFarAheadIsForgivenAfterAValidityOfUptime) {
  CrlCalendar calendar = Made(Leapt(hours(0), hours(24 * 365)));
  const CrlDate ahead = calendar.dates().at(kKey);
  calendar.Observe(After(minutes(1)));
  calendar.Note(kKey, calendar.Next(kKey, After(minutes(30))));
  calendar.Observe(After(minutes(60)));
  EXPECT_FALSE(calendar.MayFollowTheClockAgain(kKey, After(minutes(60))));
  EXPECT_GT(calendar.Next(kKey, After(minutes(60))).this_update, ahead.this_update);

  const Moment now = After(minutes(61));
  calendar.Observe(now);
  ASSERT_TRUE(calendar.MayFollowTheClockAgain(kKey, now));
  const CrlDate next = calendar.Next(kKey, now);
  EXPECT_EQ(next.this_update, Wall(now) - kSkew);
  EXPECT_EQ(next.number, ahead.number + 2);
  calendar.Note(kKey, next);
  EXPECT_FALSE(calendar.MayFollowTheClockAgain(kKey, now));
  const CrlDate after = calendar.Next(kKey, now);
  EXPECT_EQ(after.this_update, next.this_update + Seconds(1));
  EXPECT_EQ(after.number, next.number + 1);
}

TEST(CrlCalendar, ForgivesOnlyWithoutABreak) {
  CrlCalendar calendar = Made(Leapt(hours(0), hours(24)));
  calendar.Observe(After(minutes(1)));
  calendar.Observe(Leapt(minutes(50), hours(25)));  // The clock leaps ahead once more.
  calendar.Observe(After(minutes(51)));
  EXPECT_FALSE(calendar.MayFollowTheClockAgain(kKey, After(minutes(110))));
  EXPECT_TRUE(calendar.MayFollowTheClockAgain(kKey, After(minutes(111))));
}

TEST(CrlCalendar, CountsUptimeOfOneRunOnly) {
  const CrlCalendar before = Made(Leapt(hours(0), hours(24)));
  CrlCalendar again(before.dates(), kSkew, kValidity);
  EXPECT_FALSE(again.MayFollowTheClockAgain(kKey, After(hours(10))));
  again.Observe(After(hours(10)));
  EXPECT_FALSE(again.MayFollowTheClockAgain(kKey, After(hours(10) + minutes(59))));
}

TEST(CrlCalendar, LostOrOlderDatesLetNumbersRiseByTheClock) {
  CrlCalendar calendar = Made(Start());
  const CrlDates backup = calendar.dates();
  for (int i = 1; i <= 100; ++i) {
    const Moment now = After(Seconds(i * 2));
    calendar.Note(kKey, calendar.Next(kKey, now));
  }
  const CrlDate last = calendar.dates().at(kKey);
  const Moment now = After(Seconds(300));
  EXPECT_GT(CrlCalendar(backup, kSkew, kValidity).Next(kKey, now).number, last.number);
  EXPECT_GT(CrlCalendar({}, kSkew, kValidity).Next(kKey, now).number, last.number);
}

TEST(CrlCalendar, AnyClockIsBorneWith) {
  CrlCalendar calendar({}, kSkew, kValidity);
  const Moment before_1970{.boot = Start().boot, .wall = WallTime(-hours(24 * 365))};
  const CrlDate first = calendar.Next(kKey, before_1970);
  EXPECT_EQ(first.this_update, sys_seconds());
  EXPECT_EQ(first.number, 1U);
  calendar.Note(kKey, first);
  EXPECT_EQ(calendar.Next(kKey, before_1970).this_update, sys_seconds(Seconds(1)));
  const Moment end{.boot = Start().boot, .wall = WallTime::max()};
  EXPECT_EQ(calendar.Next(kKey, end).this_update, CrlCalendar::kLatest);
}

TEST(CrlCalendar, RemembersABoundedNumberAndTheNewest) {
  CrlCalendar calendar({}, kSkew, kValidity);
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::to_string(1000 + i);
    calendar.Note(key, calendar.Next(key, After(Seconds(i))));
  }
  EXPECT_EQ(calendar.dates().size(), CrlCalendar::kMostAuthorities);
  EXPECT_TRUE(calendar.dates().contains("1199"));
  EXPECT_FALSE(calendar.dates().contains("1100"));
}

}  // namespace
}  // namespace surety
