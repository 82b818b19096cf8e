// What a start of the machine ends, and what it does not.

#include "agent/record/boot_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "agent/record/quarantine_list.h"
#include "tests/unit/record/open_database.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BootChange : public testing::Test {
 protected:
  void Add(const std::string& lineage, std::optional<Seconds> duration) {
    const auto list = Loaded(QuarantineList::Load(*database_));
    ASSERT_TRUE(list->Add({.lineage = lineage,
                           .entry_id = "",
                           .duration = duration,
                           .reason = "ptrace",
                           .decision = "d1"},
                          database_.clock.Now()));
    database_.StoreNow(list->saver());
  }
  /// The daemon's last sign of life in this run of the machine.
  void NoteLastSight() {
    ASSERT_TRUE(database_->Read(
        [&](SqliteConnection& writing) { return NoteClocks(writing, database_.clock.Now()); }));
  }
  /// How long the quarantine of a lineage lasts from now on.
  std::optional<Seconds> RestOf(const std::string& lineage) {
    const auto list = Loaded(QuarantineList::Load(*database_));
    const Moment now = database_.clock.Now();
    const std::array<std::string_view, 1> lineages{lineage};
    const auto found = list->Of(lineages, now);
    if (found.empty()) return std::nullopt;
    if (!found[0].until) return Seconds::max();
    return std::chrono::floor<Seconds>(*found[0].until - now.wall);
  }
  OpenDatabase database_;
};

TEST_F(BootChange, EndsWhatMeantOneBootOnlyAndSaysSo) {
  Add("login:5", Seconds(600));
  Add("process:10.7", std::nullopt);
  Add("unit:web", std::nullopt);
  Add("container:4f5c", std::nullopt);
  database_.clock.Reboot(Seconds(30));
  database_.Open("boot-2");
  EXPECT_THAT(database_->notes(),
              ElementsAre(HasSubstr("quarantine 1 of login:5 (ptrace) is dropped"),
                          HasSubstr("quarantine 2 of process:10.7")));
  EXPECT_EQ(RestOf("login:5"), std::nullopt);
  EXPECT_EQ(RestOf("process:10.7"), std::nullopt);
  EXPECT_EQ(RestOf("unit:web"), Seconds::max());
  EXPECT_EQ(RestOf("container:4f5c"), Seconds::max());
}

TEST_F(BootChange, IsNoneIfTheDaemonAloneStartsAnew) {
  Add("login:5", Seconds(600));
  database_.clock.Advance(Seconds(100));
  database_.Open("boot-1");
  EXPECT_THAT(database_->notes(), IsEmpty());
  EXPECT_EQ(RestOf("login:5"), Seconds(500));
}

TEST_F(BootChange, CountsTheTimeBeforeAndTheTimeOff) {
  Add("unit:web", Seconds(600));
  database_.clock.Advance(Seconds(100));
  NoteLastSight();
  database_.clock.Advance(Seconds(50));  // Nothing is noted any more: it counts as off.
  database_.clock.Reboot(Seconds(30));
  database_.Open("boot-2");
  EXPECT_EQ(RestOf("unit:web"), Seconds(600 - 100 - 50 - 30));
  database_.clock.Advance(Seconds(20));
  database_.Open("boot-2");
  EXPECT_EQ(RestOf("unit:web"), Seconds(400)) << "counted once";
}

TEST_F(BootChange, EndsWhatWasOverMeanwhile) {
  Add("unit:web", Seconds(600));
  database_.clock.Reboot(hours(10));
  database_.Open("boot-2");
  const auto list = Loaded(QuarantineList::Load(*database_));
  EXPECT_EQ(list->TakeExpired(database_.clock.Now()).size(), 1U) << "and its end is told";
}

TEST_F(BootChange, DoesNotProlongAnythingWithABatteryThatIsEmpty) {
  Add("unit:web", Seconds(600));
  database_.clock.Advance(Seconds(100));
  NoteLastSight();
  database_.clock.Reboot(-hours(24 * 365 * 20));
  database_.Open("boot-2");
  EXPECT_EQ(RestOf("unit:web"), Seconds(500));
}

TEST_F(BootChange, DoesNotBelieveAWallClockThatWasSetBeforeIt) {
  Add("unit:web", Seconds(600));
  database_.clock.SetWall(hours(1000));
  NoteLastSight();
  database_.clock.Reboot(Seconds(30));
  database_.Open("boot-2");
  EXPECT_EQ(RestOf("unit:web"), Seconds(570));
}

TEST_F(BootChange, TellsWhichLineagesMeanOneBoot) {
  EXPECT_TRUE(MeansOneBootOnly("login:5"));
  EXPECT_TRUE(MeansOneBootOnly("process:5.7"));
  EXPECT_FALSE(MeansOneBootOnly("container:login"));
  EXPECT_FALSE(MeansOneBootOnly("unit:/a"));
  EXPECT_FALSE(MeansOneBootOnly("cgroup:/a"));
}

}  // namespace
}  // namespace surety
