#include "agent/record/issued_svids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/record/revocation_list.h"
#include "tests/unit/record/open_database.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr ProcessKey kWeb{10, 7};
constexpr ProcessKey kOther{11, 7};

std::vector<std::string> SerialsOf(const std::vector<IssuedSvid>& svids) {
  std::vector<std::string> serials;
  for (const IssuedSvid& svid : svids) serials.push_back(svid.serial);
  return serials;
}

class IssuedSvidsTest : public testing::Test {
 protected:
  IssuedSvidsTest() { Load(); }

  void Load(IssuedSvids::Limits limits = {}) {
    issued_.reset();
    issued_ = Loaded(IssuedSvids::Load(*database_, limits));
  }
  void Restart(const std::string& boot_id = "boot-1") {
    issued_.reset();
    database_.Open(boot_id);
    Load();
  }
  std::vector<IssuedSvid> Add(const ProcessKey& process, const std::string& serial,
                              const std::string& lineage = "unit:web",
                              const std::string& entry = "web", bool revoke_on_exit = true) {
    IssuedSvid svid = SvidOf(serial, Now(), entry);
    svid.revoke_on_exit = revoke_on_exit;
    return issued_->Add(process, lineage, std::span(&svid, 1), Now());
  }
  [[nodiscard]] Moment Now() const { return database_.clock.Now(); }

  OpenDatabase database_;
  std::unique_ptr<IssuedSvids> issued_;
};

TEST_F(IssuedSvidsTest, GivesWhatAProcessHoldsOnce) {
  Add(kWeb, "a1");
  Add(kWeb, "a2");
  Add(kOther, "b1");
  EXPECT_THAT(SerialsOf(issued_->TakeProcess(kWeb)), UnorderedElementsAre("a1", "a2"));
  EXPECT_THAT(issued_->TakeProcess(kWeb), IsEmpty());
  EXPECT_TRUE(issued_->Holds({"b1", "ca01"}));
  EXPECT_FALSE(issued_->Holds({"a1", "ca01"}));
  EXPECT_THAT(issued_->Processes(), ElementsAre(kOther));
}

TEST_F(IssuedSvidsTest, GivesWhatALineageHolds) {
  Add(kWeb, "a1", "unit:web");
  Add(kOther, "b1", "unit:web");
  Add({12, 7}, "c1", "unit:other");
  EXPECT_THAT(SerialsOf(issued_->TakeCovered("unit:web", "")), UnorderedElementsAre("a1", "b1"));
  EXPECT_TRUE(issued_->Holds({"c1", "ca01"}));
}

TEST_F(IssuedSvidsTest, GivesWhatAnEntryHasGiven) {
  Add(kWeb, "a1", "unit:web", "web");
  Add(kWeb, "a2", "unit:web", "admin");
  Add(kOther, "b1", "unit:other", "admin");
  EXPECT_THAT(issued_->ProcessesWith("admin"), ElementsAre(kWeb, kOther));
  EXPECT_THAT(SerialsOf(issued_->TakeCovered("unit:web", "admin")), ElementsAre("a2"));
  EXPECT_THAT(SerialsOf(issued_->TakeCovered("", "admin")), ElementsAre("b1"));
}

TEST_F(IssuedSvidsTest, GivesASerialOfWhateverIssuer) {
  IssuedSvid svid = SvidOf("a1", Now());
  issued_->Add(kWeb, "unit:web", std::span(&svid, 1), Now());
  svid.issuer_key_id = "ca02";
  issued_->Add(kWeb, "unit:web", std::span(&svid, 1), Now());
  Add(kWeb, "a10");
  EXPECT_EQ(issued_->TakeSerial("a1").size(), 2U);
  EXPECT_THAT(issued_->TakeSerial("a"), IsEmpty());
  EXPECT_THAT(SerialsOf(issued_->TakeSerial("a10")), ElementsAre("a10"));
}

TEST_F(IssuedSvidsTest, AnExitTakesWhatItRevokesAndLeavesTheRest) {
  Add(kWeb, "dies", "unit:web", "web", true);
  Add(kWeb, "stays", "unit:web", "files", false);
  EXPECT_THAT(SerialsOf(issued_->Exited(kWeb)), ElementsAre("dies"));
  EXPECT_THAT(issued_->Processes(), IsEmpty());
  EXPECT_THAT(issued_->TakeProcess(kWeb), IsEmpty()) << "the process is no more";
  EXPECT_THAT(SerialsOf(issued_->TakeCovered("unit:web", "")), ElementsAre("stays"))
      << "its lineage still answers for it";
}

TEST_F(IssuedSvidsTest, OutlivesTheDaemon) {
  Add(kWeb, "a1", "unit:web", "web", false);
  ASSERT_TRUE(database_->StoreAll());
  Restart();
  const auto held = issued_->TakeProcess(kWeb);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].spiffe_id, "spiffe://example.org/web");
  EXPECT_EQ(held[0].entry_id, "web");
  EXPECT_EQ(held[0].issuer_key_id, "ca01");
  EXPECT_EQ(held[0].not_before, Now().wall);
  EXPECT_EQ(held[0].not_after, Now().wall + hours(1));
  EXPECT_FALSE(held[0].revoke_on_exit);
}

TEST_F(IssuedSvidsTest, BelongsToNoProcessOfTheNextBoot) {
  Add(kWeb, "a1");
  Add(kOther, "b1", "login:5", "web", false);
  Add({12, 7}, "c1", "unit:files", "web", false);
  database_.clock.Reboot(minutes(1));
  Restart("boot-2");
  EXPECT_THAT(issued_->TakeProcess(kWeb), IsEmpty()) << "pid and start may be the same again";
  EXPECT_THAT(SerialsOf(issued_->Exited(IssuedSvids::kGone)), ElementsAre("a1"));
  EXPECT_THAT(issued_->TakeCovered("login:5", ""), IsEmpty()) << "another login by now";
  EXPECT_THAT(SerialsOf(issued_->TakeCovered("unit:files", "")), ElementsAre("c1"));
  EXPECT_TRUE(issued_->Holds({"b1", "ca01"}));
}

TEST_F(IssuedSvidsTest, DoesNotComeBackOnceRevoked) {
  Add(kWeb, "a1");
  ASSERT_TRUE(database_->StoreAll());
  {
    const auto revocations = Loaded(RevocationList::Load(*database_, database_.clock));
    const auto taken = issued_->TakeProcess(kWeb);
    revocations->Add(taken, RevocationReason::kPrivilegeWithdrawn, RevokedBy::kDecision, Now());
    database_.StoreNow(revocations->saver());
  }
  Restart();
  EXPECT_FALSE(issued_->Holds({"a1", "ca01"}));
}

TEST_F(IssuedSvidsTest, ComesBackIfItWasTakenAndTheRevocationNotStored) {
  Add(kWeb, "a1");
  ASSERT_TRUE(database_->StoreAll());
  issued_->TakeProcess(kWeb);
  ASSERT_TRUE(database_->StoreAll());
  Restart();
  EXPECT_TRUE(issued_->Holds({"a1", "ca01"})) << "or nobody could revoke it any more";
}

TEST_F(IssuedSvidsTest, IsForgottenWhenItHasExpired) {
  Add(kWeb, "a1");
  database_.clock.Advance(hours(1));
  issued_->DropExpired(Now());
  EXPECT_TRUE(issued_->Holds({"a1", "ca01"})) << "its last second is not over";
  database_.clock.Advance(Seconds(1));
  issued_->DropExpired(Now());
  EXPECT_FALSE(issued_->Holds({"a1", "ca01"}));
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM issued_svids"), 0);
}

TEST_F(IssuedSvidsTest, IsNotForgottenByAWallClockThatLeaps) {
  Add(kWeb, "a1");
  database_.clock.SetWall(hours(24 * 365));
  issued_->DropExpired(Now());
  ASSERT_TRUE(database_->StoreAll());
  database_.clock.SetWall(-hours(24 * 365));
  EXPECT_TRUE(issued_->Holds({"a1", "ca01"}));
  Restart();
  EXPECT_TRUE(issued_->Holds({"a1", "ca01"}));
}

TEST_F(IssuedSvidsTest, HasNoRoomForMoreOfOneProcess) {
  Load({.of_process = 2, .of_all = 100});
  EXPECT_THAT(Add(kWeb, "a1"), IsEmpty());
  database_.clock.Advance(Seconds(1));
  EXPECT_THAT(Add(kWeb, "a2"), IsEmpty());
  database_.clock.Advance(Seconds(1));
  EXPECT_THAT(SerialsOf(Add(kWeb, "a3")), ElementsAre("a1")) << "its oldest";
  EXPECT_THAT(Add(kOther, "b1"), IsEmpty());
}

TEST_F(IssuedSvidsTest, HasNoRoomForMoreThanThereMayBe) {
  Load({.of_process = 100, .of_all = 2});
  Add(kWeb, "a1");
  Add(kWeb, "a2");
  EXPECT_THAT(SerialsOf(Add(kOther, "b1")), ElementsAre("b1")) << "what cannot be taken away later";
  EXPECT_TRUE(issued_->Holds({"a1", "ca01"}));
}

TEST_F(IssuedSvidsTest, StoresMoreThanFitsIntoOneTransaction) {
  for (int i = 0; i < 1'700; ++i) Add({100 + i, 7}, "s" + std::to_string(i));
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM issued_svids"), 1'700);
}

TEST_F(IssuedSvidsTest, KnowsUpToWhichRecordNothingNeedsToBeLearntAgain) {
  EXPECT_EQ(issued_->stored_audit_sequence(), 0U);
  Add(kWeb, "a1");
  issued_->NoteAuditSequence(41, Now().boot);
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(issued_->stored_audit_sequence(), 0U) << "the turn of record 41 may not be over";

  database_.clock.Advance(Seconds(10));
  issued_->NoteAuditSequence(57, Now().boot);
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(issued_->stored_audit_sequence(), 41U);
  Restart();
  EXPECT_EQ(issued_->stored_audit_sequence(), 41U);
}

TEST_F(IssuedSvidsTest, DoesNotClaimARecordBeforeAllIsStored) {
  issued_->NoteAuditSequence(1'700, Now().boot);
  database_.clock.Advance(Seconds(10));
  for (int i = 0; i < 1'700; ++i) Add({100 + i, 7}, "s" + std::to_string(i));
  issued_->NoteAuditSequence(1'701, Now().boot);
  // Whenever the number is stored, so are the serials.
  EXPECT_TRUE(Eventually([&] { return issued_->stored_audit_sequence() == 1'700; }));
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM issued_svids"), 1'700);
}

}  // namespace
}  // namespace surety
