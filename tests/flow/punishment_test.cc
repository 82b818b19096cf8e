// What a process loses when it jumps, besides what the entries take that it matches.

#include "surety/session.h"
#include "tests/flow/walk_fixture.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class PunishmentTest : public WalkTest {
 protected:
  Result<Session::Turn> Turn() {
    return session_.Step(now_, {.svids = true, .bundles = false, .newcomers = 0});
  }
  Session session_{parts(), rules_, peer_};
};

TEST_F(PunishmentTest, WhoeverJumpsToAnotherEntryKeepsNothingOfTheFormerOne) {
  AddEntry("db", {{"unix", "uid:1002"}});
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1002"}, {"unix", "path:/usr/bin/web"}});
  auto jump = Answer(Verdict::kRefuse, "drift.user");
  jump.obligations.revoke = true;
  policy_.answers["db"] = jump;
  ASSERT_TRUE(Turn());
  EXPECT_THAT(sanctions_.spared, ElementsAre(ElementsAre("db")));
  EXPECT_EQ(sanctions_.reason_of_others, "drift.user");
}

TEST_F(PunishmentTest, RefusalThatPunishesNobodyTakesNothing) {
  ASSERT_TRUE(Turn());
  policy_.answers["web"] = Answer(Verdict::kRefuse, "no");
  ASSERT_TRUE(Turn());
  EXPECT_TRUE(sanctions_.spared.empty());
}

TEST_F(PunishmentTest, WithoutStreamsNothingIsMintedAndAJumpTakesAway) {
  ASSERT_TRUE(Turn());
  Advance(seconds(500));  // A rotation is due.
  const auto alone = session_.Step(now_, {});
  ASSERT_TRUE(alone);
  EXPECT_FALSE(alone->svid_update);
  EXPECT_EQ(alone->next, now_.boot + rules_.recheck);
  EXPECT_THAT(audit_.lines, SizeIs(1));
  auto jump = Answer(Verdict::kRefuse, "drift.executable");
  jump.obligations.revoke = true;
  policy_.answers["web"] = jump;
  ASSERT_TRUE(session_.Step(now_, {}));
  EXPECT_THAT(sanctions_.ordered, ElementsAre("revoke web drift.executable d2"));
  EXPECT_TRUE(session_.held_ids().empty());
  EXPECT_EQ(session_.held_until(), std::nullopt);
}

}  // namespace
}  // namespace surety
