// The disk is full: a file system of a quarter megabyte, in a mount namespace of
// the test's own. Needs root.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "agent/record/state.h"
#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DiskFull : public testing::Test {
 protected:
  DiskFull() {
    EXPECT_EQ(::unshare(CLONE_NEWNS), 0) << std::strerror(errno);
    EXPECT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    EXPECT_EQ(::mkdir(world_.folder.state().c_str(), 0700), 0);
    EXPECT_EQ(::mount("small", world_.folder.state().c_str(), "tmpfs", 0, "size=512k,mode=0700"), 0)
        << std::strerror(errno);
    world_.Start();
  }
  ~DiskFull() override {
    world_.state.reset();
    EXPECT_EQ(::umount2(world_.folder.state().c_str(), MNT_DETACH), 0);
  }
  /// Somebody else's bytes, to the last one.
  void Fill() {
    std::ofstream file(world_.folder.At("ballast"), std::ios::binary);
    while (file.write("0123456789abcdef", 16).flush()) continue;
  }
  void Free() { std::filesystem::remove(world_.folder.At("ballast")); }

  Result<bool> Pin(const Peer& peer) {
    // Larger than what is left of any page.
    return world_.state->scopes().Pin(
        peer, Scope{.selectors = {{"unix", "path:/" + std::string(8'000, 'x')}}});
  }
  [[nodiscard]] Moment Now() const { return world_.clock.Now(); }

  StateWorld world_;
};

TEST_F(DiskFull, PinsNothingAndRecoversByItself) {
  Fill();
  const Peer web = world_.processes.Start(10);
  Result<bool> pinned = true;
  // The write-ahead log may have a few pages left.
  for (pid_t pid = 100; pid < 200 && pinned; ++pid) pinned = Pin(world_.processes.Start(pid));
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().code(), ErrorCode::kResourceExhausted) << pinned.error().Text();
  EXPECT_THAT(pinned.error().Text(), HasSubstr("full"));
  Free();
  ASSERT_TRUE(Pin(web));
  world_.Start();
  EXPECT_TRUE(world_.state->scopes().Find({10, 7}));
}

TEST_F(DiskFull, KeepsWhatItTookAwayInForceAndStoresItLater) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  world_.Serve(11, Unit("web"), "b1");
  ASSERT_TRUE(world_.state->Flush());
  Fill();
  for (pid_t pid = 100; pid < 200 && Pin(world_.processes.Start(pid)); ++pid) continue;
  const Standing standing = world_.Look(web);
  const std::string reason = "drift." + std::string(5'000, 'x');
  const auto outcome = world_.state->sanctions().Quarantine({{10, 7}, standing, "", reason, "d1"},
                                                            std::nullopt, Now());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::kResourceExhausted) << outcome.error().Text();
  EXPECT_EQ(world_.Look(web).quarantines.size(), 1U) << "in force";
  EXPECT_THAT(world_.RevokedSerials(), testing::ElementsAre("a1", "b1"));
  EXPECT_EQ(world_.grown, 1) << "and published";
  EXPECT_THAT(world_.state->Degraded(), HasSubstr("in force, but not stored yet"));
  EXPECT_THAT(world_.state->Degraded(), HasSubstr("quarantines"));
  EXPECT_THAT(world_.state->Degraded(), HasSubstr("full"));

  Free();
  EXPECT_TRUE(Eventually([&] { return world_.state->Degraded().empty(); }))
      << world_.state->Degraded();
  world_.Start();
  EXPECT_EQ(world_.state->quarantines().All(Now()).size(), 1U);
  EXPECT_THAT(world_.RevokedSerials(), testing::ElementsAre("a1", "b1"));
}

TEST_F(DiskFull, IsNoDamage) {
  Fill();
  for (pid_t pid = 100; pid < 200 && Pin(world_.processes.Start(pid)); ++pid) continue;
  world_.state.reset();
  Free();
  world_.Start();
  EXPECT_TRUE(world_.state);
}

TEST_F(DiskFull, AtTheStartIsAClearError) {
  world_.state.reset();
  for (const auto& file : std::filesystem::directory_iterator(world_.folder.state()))
    std::filesystem::remove(file.path());
  Fill();
  const auto opened = State::Open({.folder = world_.folder.state(),
                                   .boot_id = "boot-1",
                                   .clock = world_.clock,
                                   .reader = world_.lineages,
                                   .opener = world_.processes});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kResourceExhausted) << opened.error().Text();
  EXPECT_THAT(opened.error().Text(), HasSubstr(world_.folder.state()));
}

}  // namespace
}  // namespace surety
