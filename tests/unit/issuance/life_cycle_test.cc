#include "agent/issuance/life_cycle.h"

#include <gtest/gtest.h>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = Step::Kind;

// A life of 60 hours: prepared at 30, replaced at 40.
constexpr LifeCycleTimes kTimes{.ca_ttl = hours(60),
                                .max_svid_ttl = hours(1),
                                .publish_lead = minutes(10),
                                .clock_skew = Seconds(10)};

// Made that long after the start, and published then.
AuthorityStanding Made(std::string serial, Phase phase, BootClock::duration at,
                       Seconds life = kTimes.ca_ttl) {
  return {.serial = std::move(serial),
          .phase = phase,
          .not_before = After(at).wall - kTimes.clock_skew,
          .not_after = After(at).wall + life,
          .published = After(at).boot,
          .expired_since = {}};
}

Kind Due(const std::vector<AuthorityStanding>& authorities, Moment now) {
  return NextStep(authorities, kTimes, now).kind;
}

TEST(LifeCycle, FirstStartPreparesAndActivatesAtOnce) {
  EXPECT_EQ(Due({}, Start()), Kind::kPrepare);
  const Step step = NextStep(std::vector{Made("a", Phase::kPrepared, hours(0))}, kTimes, Start());
  EXPECT_EQ(step.kind, Kind::kActivate);
  EXPECT_EQ(step.serial, "a");
}

TEST(LifeCycle, PreparesAtHalfOfLife) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0))};
  EXPECT_EQ(Due(authorities, After(hours(30) - Seconds(1))), Kind::kNone);
  EXPECT_EQ(Due(authorities, After(hours(30))), Kind::kPrepare);
}

TEST(LifeCycle, ActivatesAtTwoThirdsOfLife) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0)),
                                Made("b", Phase::kPrepared, hours(30))};
  EXPECT_EQ(Due(authorities, After(hours(40) - Seconds(1))), Kind::kNone);
  const Step step = NextStep(authorities, kTimes, After(hours(40)));
  EXPECT_EQ(step.kind, Kind::kActivate);
  EXPECT_EQ(step.serial, "b");
}

TEST(LifeCycle, NeverActivatesBeforeTheLeadHasPassed) {
  std::vector authorities{Made("a", Phase::kActive, hours(0)),
                          Made("b", Phase::kPrepared, hours(39) + minutes(55))};
  EXPECT_EQ(Due(authorities, After(hours(40) + minutes(4))), Kind::kNone);
  EXPECT_EQ(Due(authorities, After(hours(40) + minutes(5))), Kind::kActivate);
  authorities[1].published.reset();
  EXPECT_EQ(Due(authorities, After(hours(40) + minutes(5))), Kind::kNone);
}

// The lead is uptime: a wall clock set forward does not shorten it.
TEST(LifeCycle, LeadIsNotMeasuredByTheWallClock) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0)),
                                Made("b", Phase::kPrepared, hours(30))};
  Moment leapt = After(hours(30) + minutes(9));
  leapt.wall += hours(12);
  EXPECT_EQ(Due(authorities, leapt), Kind::kNone);
  leapt.boot += minutes(1);
  EXPECT_EQ(Due(authorities, leapt), Kind::kActivate);
}

TEST(LifeCycle, SignerThatHasExpiredIsReplacedWithoutWaiting) {
  const AuthorityStanding expired = Made("a", Phase::kActive, hours(0));
  EXPECT_EQ(Due({expired}, After(hours(60))), Kind::kPrepare);
  EXPECT_EQ(Due({expired, Made("b", Phase::kPrepared, hours(60))}, After(hours(60))),
            Kind::kActivate);
}

TEST(LifeCycle, ClockSetBackBringsTheSignerFromBeforeBack) {
  const std::vector authorities{Made("a", Phase::kRetired, hours(0)),
                                Made("b", Phase::kActive, hours(30))};
  Moment back = After(hours(41));
  back.wall = After(hours(20)).wall;
  const Step step = NextStep(authorities, kTimes, back);
  EXPECT_EQ(step.kind, Kind::kActivate);
  EXPECT_EQ(step.serial, "a");
}

TEST(LifeCycle, RetiredSuccessorSignsAgainOnceItsTimeHasCome) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0)),
                                Made("b", Phase::kRetired, hours(30))};
  EXPECT_EQ(Due(authorities, After(hours(31))), Kind::kNone);
  EXPECT_EQ(Due(authorities, After(hours(40))), Kind::kActivate);
}

TEST(LifeCycle, ShorterLifeInTheConfigurationCountsAtOnce) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0), hours(600))};
  EXPECT_EQ(Due(authorities, After(hours(29))), Kind::kNone);
  EXPECT_EQ(Due(authorities, After(hours(31))), Kind::kPrepare);
}

TEST(LifeCycle, LongerSvidsInTheConfigurationBringTheChangeForward) {
  LifeCycleTimes times = kTimes;
  const std::vector authorities{Made("a", Phase::kActive, hours(0), hours(60)),
                                Made("b", Phase::kPrepared, hours(1), hours(60))};
  times.ca_ttl = hours(600);
  times.max_svid_ttl = hours(50);
  EXPECT_EQ(NextStep(authorities, times, After(hours(9))).kind, Kind::kNone);
  EXPECT_EQ(NextStep(authorities, times, After(hours(10))).kind, Kind::kActivate);
}

TEST(LifeCycle, ForgetsAfterADayOfUptimeAndNeverByTheWallClockAlone) {
  AuthorityStanding old = Made("a", Phase::kRetired, hours(0));
  const AuthorityStanding signer = Made("b", Phase::kActive, hours(50));
  EXPECT_EQ(Due({old, signer}, After(hours(61))), Kind::kNone);  // Not seen expired yet.
  old.expired_since = After(hours(60)).boot;
  Moment leapt = After(hours(61));
  leapt.wall = After(hours(79)).wall;
  EXPECT_EQ(Due({old, signer}, leapt), Kind::kNone);
  EXPECT_EQ(Due({old, signer, Made("c", Phase::kPrepared, hours(80))}, After(hours(84))),
            Kind::kForget);
}

TEST(LifeCycle, AsksAgainWhenSomethingIsDueAndAtLeastEveryMinute) {
  const std::vector authorities{Made("a", Phase::kActive, hours(0))};
  EXPECT_EQ(AskAgainAt(authorities, kTimes, After(hours(1))), After(hours(1) + minutes(1)).boot);
  const Moment soon = After(hours(30) - Seconds(7));
  EXPECT_EQ(AskAgainAt(authorities, kTimes, soon), After(hours(30)).boot);
  const Moment late = After(hours(30) + Seconds(7));
  EXPECT_EQ(AskAgainAt(authorities, kTimes, late), late.boot + std::chrono::milliseconds(100));
}

TEST(LifeCycle, NextChangeIsTheBeginningOfTheNextPhase) {
  const std::vector authorities{Made("a", Phase::kRetired, hours(-30)),
                                Made("b", Phase::kActive, hours(0)),
                                Made("c", Phase::kPrepared, hours(30))};
  EXPECT_EQ(NextChangeOf(authorities[0], authorities, kTimes), After(hours(30)).wall);
  EXPECT_EQ(NextChangeOf(authorities[1], authorities, kTimes), After(hours(40)).wall);
  EXPECT_EQ(NextChangeOf(authorities[2], authorities, kTimes), After(hours(40)).wall);
}

TEST(LifeCycle, TimesThatDoNotFitAreRefused) {
  EXPECT_TRUE(CheckTimes(kTimes));
  EXPECT_TRUE(CheckTimes({}));
  LifeCycleTimes times = kTimes;
  times.max_svid_ttl = hours(20) + Seconds(1);
  ASSERT_FALSE(CheckTimes(times));
  EXPECT_NE(CheckTimes(times).error().Text().find("ca_ttl"), std::string::npos);
  times = kTimes;
  times.max_svid_ttl = Seconds(0);
  EXPECT_FALSE(CheckTimes(times));
  times = kTimes;
  times.clock_skew = Seconds(-1);
  EXPECT_FALSE(CheckTimes(times));
}

// Whatever the order of steps, they come to rest.
TEST(LifeCycle, ComesToRestAtEveryTimeAndSetting) {
  for (const Seconds ttl : {Seconds(12), Seconds(600), Seconds(hours(168))}) {
    for (const Seconds skew : {Seconds(0), Seconds(30), Seconds(7200)}) {
      const LifeCycleTimes times{
          .ca_ttl = ttl, .max_svid_ttl = ttl / 4, .publish_lead = Seconds(600), .clock_skew = skew};
      std::vector<AuthorityStanding> authorities;
      for (int tick = 0; tick < 400; ++tick) {
        const Moment now = After(ttl * tick / 20);
        int steps = 0;
        for (Step step = NextStep(authorities, times, now); step.kind != Kind::kNone;
             step = NextStep(authorities, times, now)) {
          ASSERT_LT(++steps, 5);
          if (step.kind == Kind::kPrepare) {
            authorities.push_back({.serial = std::to_string(tick) + "." + std::to_string(steps),
                                   .phase = Phase::kPrepared,
                                   .not_before = std::chrono::floor<Seconds>(now.wall - skew),
                                   .not_after = now.wall + ttl,
                                   .published = now.boot,
                                   .expired_since = {}});
            continue;
          }
          ASSERT_EQ(step.kind, Kind::kActivate);
          for (AuthorityStanding& one : authorities) {
            if (one.phase == Phase::kActive) one.phase = Phase::kRetired;
            if (one.serial == step.serial) one.phase = Phase::kActive;
          }
        }
      }
      EXPECT_GE(authorities.size(), 25U);
      EXPECT_LE(authorities.size(), 45U);
    }
  }
}

}  // namespace
}  // namespace surety
