#include "agent/policy/hook_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class HookGateTest : public testing::Test {
 protected:
  HookGate::Permit MustEnter() {
    const auto permit = gate_.Enter(now_.boot);
    EXPECT_TRUE(permit);
    return permit ? *permit : HookGate::Permit{};
  }
  bool Enters() { return gate_.Enter(now_.boot).has_value(); }
  void Pass(BootClock::duration time) { now_.boot += time; }

  HookGate gate_{2};
  Moment now_{.boot = BootTime(std::chrono::hours(1)), .wall = WallTime()};
};

TEST_F(HookGateTest, LetsSoManyInAtOneTime) {
  const auto first = MustEnter();
  MustEnter();
  const auto third = gate_.Enter(now_.boot);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_FALSE(gate_.Answered(first));
  EXPECT_TRUE(Enters());
  EXPECT_FALSE(gate_.failure());
}

TEST_F(HookGateTest, AfterAFailureOneComesInAfterAPauseThatGrows) {
  EXPECT_TRUE(gate_.Failed(MustEnter(), "no answer", now_));
  for (const auto pause : {100, 200, 400, 800, 1'000, 1'000}) {
    Pass(milliseconds(pause - 1));
    const auto early = gate_.Enter(now_.boot);
    ASSERT_FALSE(early) << pause;
    EXPECT_EQ(early.error().code(), ErrorCode::kUnavailable);
    EXPECT_THAT(early.error().Text(), HasSubstr("no answer"));
    Pass(milliseconds(1));
    const auto probe = MustEnter();
    EXPECT_TRUE(probe.probe);
    EXPECT_FALSE(Enters()) << "one asks already";
    EXPECT_FALSE(gate_.Failed(probe, "no answer", now_)) << "it is no news";
  }
}

TEST_F(HookGateTest, AnAnswerOpensItAgainAndTheNextPauseIsShort) {
  const Moment began = now_;
  gate_.Failed(MustEnter(), "one", now_);
  Pass(milliseconds(100));
  gate_.Failed(MustEnter(), "two", now_);
  Pass(milliseconds(200));
  const auto ended = gate_.Answered(MustEnter());
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->since.boot, began.boot);
  EXPECT_EQ(ended->why, "two");
  EXPECT_FALSE(gate_.failure());
  EXPECT_FALSE(MustEnter().probe);

  EXPECT_TRUE(gate_.Failed(MustEnter(), "three", now_));
  Pass(HookGate::kFirstPause);
  EXPECT_TRUE(Enters());
}

TEST_F(HookGateTest, ThoseWhoWereInBeforeTheFirstFailureCountNoFurtherPause) {
  const auto first = MustEnter();
  const auto second = MustEnter();
  EXPECT_TRUE(gate_.Failed(first, "first", now_));
  EXPECT_FALSE(gate_.Failed(second, "second", now_));
  EXPECT_EQ(gate_.failure()->why, "first");
  Pass(HookGate::kFirstPause);
  EXPECT_TRUE(Enters());
}

TEST_F(HookGateTest, AnAnswerToOneOfThemOpensItAtOnce) {
  const auto first = MustEnter();
  const auto second = MustEnter();
  gate_.Failed(first, "first", now_);
  EXPECT_TRUE(gate_.Answered(second));
  EXPECT_TRUE(Enters());
}

}  // namespace
}  // namespace surety
