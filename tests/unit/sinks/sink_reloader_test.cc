#include "agent/sinks/sink_reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "attestors/linux_process.h"
#include "tests/fakes/eventually.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const ProcessHandle> Opened(const testing::Child& child) {
  return *MakeLinuxProcessOpener()->OpenByPid(child.pid());
}

SinkReloader Reloader(SinkReload settings, UnitReload unit_reload = {}) {
  return {std::move(settings), {"SURETY_SINK=web"}, std::move(unit_reload)};
}

TEST(SinkReloader, SignalReachesAProcessThatHandlesIt) {
  const auto child =
      testing::Child::Sleeping([] { return ::signal(SIGHUP, [](int) { ::_exit(0); }) != SIG_ERR; });
  const auto process = Opened(child);
  const auto done = Reloader({.signal = SIGHUP}).Run(*process, {});
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_THAT(*done, HasSubstr("sent signal 1"));
  EXPECT_TRUE(fakes::Eventually([&] { return !process->IsAlive(); }));
}

TEST(SinkReloader, SignalThatWouldEndTheProcessIsNotSent) {
  const auto child = testing::Child::Sleeping();
  const auto process = Opened(child);
  const auto done = Reloader({.signal = SIGHUP}).Run(*process, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(done.error().Text(), HasSubstr("has no handler"));
  EXPECT_TRUE(process->IsAlive());
}

TEST(SinkReloader, UnitIsReloadedByWhoeverCan) {
  const auto child = testing::Child::Sleeping();
  std::string asked;
  const auto reloader =
      Reloader({.unit = "web.service"}, [&](const std::string& unit, const std::stop_token&) {
        asked = unit;
        return Result<void>();
      });
  EXPECT_TRUE(reloader.wanted());
  EXPECT_TRUE(reloader.Run(*Opened(child), {}));
  EXPECT_EQ(asked, "web.service");
}

TEST(SinkReloader, CommandHearsOfItsSink) {
  const auto child = testing::Child::Sleeping();
  const auto done = Reloader({.command = {"/usr/bin/env"}}).Run(*Opened(child), {});
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_THAT(*done, HasSubstr("SURETY_SINK=web"));
}

TEST(SinkReloader, NothingIsWantedWithoutAWay) { EXPECT_FALSE(Reloader({}).wanted()); }

}  // namespace
}  // namespace surety
