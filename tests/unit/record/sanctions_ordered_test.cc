// What an operator can order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/record/sanctions.h"
#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const OrderedBy kAnna{.uid = 1000, .reason = "ticket 7"};

class OrdersTest : public testing::Test {
 protected:
  OrdersTest() { world_.Start(); }

  StoredSanctions& sanctions() { return world_.state->sanctions(); }
  [[nodiscard]] Moment Now() const { return world_.clock.Now(); }
  std::uint64_t Add(const QuarantineRequest& order) {
    const auto added = sanctions().AddQuarantine(order, kAnna, Now());
    EXPECT_TRUE(added) << added.error().Text();
    return added ? added->id : 0;
  }
  void Pin(const Peer& peer) {
    ASSERT_TRUE(world_.state->scopes().Pin(peer, Scope{.selectors = {{"unix", "uid:1"}}}));
  }
  bool Pinned(pid_t pid) { return world_.state->scopes().Find({pid, 7}) != nullptr; }

  StateWorld world_;
};

TEST_F(OrdersTest, QuarantinesALineage) {
  world_.Serve(10, Unit("web"), "a1");
  world_.Serve(11, Unit("db"), "b1");
  const auto added =
      sanctions().AddQuarantine({.lineage = Unit("web").id, .duration = hours(1)}, kAnna, Now());
  ASSERT_TRUE(added) << added.error().Text();
  EXPECT_EQ(added->reason, "ticket 7");
  EXPECT_EQ(added->decision, "");
  EXPECT_EQ(added->until, Now().wall + hours(1));
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1"));
  EXPECT_THAT(world_.woken, ElementsAre(ProcessKey{10, 7}));
  const auto notes = world_.Notes("quarantine.added");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].details, Contains(Pair("uid", "1000")));
  EXPECT_THAT(notes[0].details, Contains(Pair("reason", "ticket 7")));
  world_.Start();
  EXPECT_THAT(world_.state->quarantines().All(Now()), SizeIs(1)) << "on the disk";
}

TEST_F(OrdersTest, QuarantinesAnEntryWhereverItIsUsed) {
  const Peer web = world_.Serve(10, Unit("web"), "a1", "leaky");
  world_.Give(web, SvidOf("a2", Now(), "fine"));
  world_.Serve(11, Unit("db"), "b1", "leaky");
  Add({.entry_id = "leaky"});
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1", "b1"));
  EXPECT_THAT(world_.woken, ElementsAre(ProcessKey{10, 7}, ProcessKey{11, 7}));
  world_.Give(web, SvidOf("a3", Now(), "fine"));
  world_.Give(web, SvidOf("a4", Now(), "leaky"));
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1", "a4", "b1"));
}

TEST_F(OrdersTest, RefusesAnOrderThatNamesNothing) {
  EXPECT_EQ(sanctions().AddQuarantine({}, kAnna, Now()).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(world_.Notes("quarantine.added"), IsEmpty());
}

TEST_F(OrdersTest, ReleasesAQuarantineSoThatScopesArePinnedAfresh) {
  Pin(world_.Serve(10, Unit("web"), "a1"));
  Pin(world_.Serve(11, Unit("db"), "b1"));
  const auto id = Add({.lineage = Unit("web").id});
  world_.woken.clear();
  const auto released = sanctions().Release(id, kAnna, Now());
  ASSERT_TRUE(released) << released.error().Text();
  EXPECT_EQ(released->id, id);
  EXPECT_FALSE(Pinned(10));
  EXPECT_TRUE(Pinned(11));
  EXPECT_THAT(world_.ended, ElementsAre(Unit("web").id));
  EXPECT_THAT(world_.woken, ElementsAre(ProcessKey{10, 7}));
  EXPECT_THAT(world_.Notes("quarantine.released"), SizeIs(1));
  world_.Start();
  EXPECT_THAT(world_.state->quarantines().All(Now()), IsEmpty());
  EXPECT_FALSE(Pinned(10));
  EXPECT_EQ(sanctions().Release(id, kAnna, Now()).error().code(), ErrorCode::kNotFound);
}

TEST_F(OrdersTest, AReleaseDoesNotForgiveTheProcessThatJumped) {
  const Peer jumper = world_.Serve(10, Unit("web"), "a1");
  Pin(jumper);
  Pin(world_.Serve(11, Unit("web"), "b1"));
  const Standing standing = world_.Look(jumper);
  const std::string reason = "drift.executable";
  ASSERT_TRUE(sanctions().Quarantine({jumper.process->key(), standing, "", reason, "d1"},
                                     std::nullopt, Now()));
  world_.Start();
  ASSERT_TRUE(sanctions().Release(1, kAnna, Now()));
  EXPECT_TRUE(Pinned(10)) << "it is held to what it was until it exits";
  EXPECT_FALSE(Pinned(11));
}

TEST_F(OrdersTest, AReleaseOfOneOfTwoForgivesNothingYet) {
  Pin(world_.Serve(10, Unit("web"), "a1"));
  const auto one = Add({.lineage = Unit("web").id});
  const auto two = Add({.lineage = Unit("web").id});
  ASSERT_NE(one, two);
  ASSERT_TRUE(sanctions().Release(one, kAnna, Now()));
  EXPECT_TRUE(Pinned(10));
  ASSERT_TRUE(sanctions().Release(two, kAnna, Now()));
  EXPECT_FALSE(Pinned(10));
}

TEST_F(OrdersTest, RevokesASerial) {
  world_.Serve(10, Unit("web"), "a1");
  const auto revoked =
      sanctions().RevokeSerial("a1", RevocationReason::kKeyCompromise, kAnna, Now());
  ASSERT_TRUE(revoked);
  EXPECT_EQ(*revoked, 1U);
  ASSERT_THAT(world_.state->revocations().Revoked(Now().wall), SizeIs(1));
  EXPECT_EQ(world_.state->revocations().Revoked(Now().wall)[0].reason,
            RevocationReason::kKeyCompromise);
  EXPECT_EQ(world_.grown, 1);
  EXPECT_EQ(
      sanctions().RevokeSerial("a1", RevocationReason::kKeyCompromise, kAnna, Now()).error().code(),
      ErrorCode::kNotFound);
  world_.Start();
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1"));
}

TEST_F(OrdersTest, RevokesAProcessAndALineage) {
  world_.Serve(10, Unit("web"), "a1");
  world_.Serve(11, Unit("web"), "b1");
  world_.Serve(12, Unit("web"), "c1");
  EXPECT_EQ(*sanctions().RevokeProcess({10, 7}, RevocationReason::kSuperseded, kAnna, Now()), 1U);
  EXPECT_EQ(*sanctions().RevokeLineage(Unit("web").id, RevocationReason::kSuperseded, kAnna, Now()),
            2U);
  const auto notes = world_.Notes("revoked");
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_THAT(notes[0].details, Contains(Pair("process", "10.7")));
  EXPECT_THAT(notes[1].details, Contains(Pair("lineage", Unit("web").id)));
  EXPECT_THAT(notes[1].details, Contains(Pair("serials", "b1,c1")));
}

TEST_F(OrdersTest, ALongListOfSerialsIsCutShortInTheRecord) {
  for (pid_t pid = 100; pid < 200; ++pid) world_.Serve(pid, Unit("web"), "s" + std::to_string(pid));
  ASSERT_TRUE(
      sanctions().RevokeLineage(Unit("web").id, RevocationReason::kSuperseded, kAnna, Now()));
  const auto notes = world_.Notes("revoked");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].details, Contains(Pair("revoked", "100")));
  EXPECT_EQ(std::ranges::count(notes[0].details.at("serials"), ','), 63);
}

}  // namespace
}  // namespace surety
