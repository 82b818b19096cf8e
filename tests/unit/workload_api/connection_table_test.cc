#include "workload_api/connection_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "tests/fakes/fake_walk.h"

namespace surety {
namespace {

using std::chrono::seconds;

class SetClock final : public Clock {
 public:
  [[nodiscard]] Moment Now() const override { return now; }
  Moment now{.boot = BootTime(std::chrono::hours(1)), .wall = {}};
};

class ConnectionTableTest : public ::testing::Test {
 protected:
  // Enters one end of a socket pair as descriptor `fd` and keeps the other.
  ConnectionTable::Added Add(int fd, const std::shared_ptr<fakes::PlainProcess>& process) {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    clients_.emplace_back(pair[0]);
    return *table_.Add(fd, {.process = process, .uid = 1001, .gid = 1001}, UniqueFd(pair[1]));
  }
  bool IsCut(std::size_t client) {
    char byte = 0;
    return ::recv(clients_.at(client).get(), &byte, 1, 0) == 0;
  }

  SetClock clock_;
  ConnectionTable table_{clock_, UidLimits{}};
  std::vector<UniqueFd> clients_;
  std::shared_ptr<fakes::PlainProcess> process_ = std::make_shared<fakes::PlainProcess>(10);
};

TEST_F(ConnectionTableTest, CallIsThatOfTheProcessThatConnected) {
  Add(7, process_);
  Add(8, std::make_shared<fakes::PlainProcess>(11));
  const auto ticket = table_.BeginCall("fd:8");
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->peer().process->key().pid, 11);
}

TEST_F(ConnectionTableTest, WhatCannotBeResolvedIsDenied) {
  Add(7, process_);
  for (const char* name : {"", "fd:", "fd:9", "fd:-7", "fd:7x", "fd:99999999999", "unix:7", "7"}) {
    const auto ticket = table_.BeginCall(name);
    ASSERT_FALSE(ticket) << name;
    EXPECT_EQ(ticket.error().code(), ErrorCode::kPermissionDenied);
  }
}

TEST_F(ConnectionTableTest, ReusedDescriptorIsTheNewConnectionAlsoAfterTheOldOneIsRemoved) {
  const auto old = Add(7, process_);
  Add(7, std::make_shared<fakes::PlainProcess>(11));
  table_.Remove(old.connection_id);
  const auto ticket = table_.BeginCall("fd:7");
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->peer().process->key().pid, 11);
}

TEST_F(ConnectionTableTest, ProcessThatHasExitedIsDeniedBeforeItsExitIsToldOf) {
  Add(7, process_);
  process_->alive = false;
  EXPECT_FALSE(table_.BeginCall("fd:7"));
}

TEST_F(ConnectionTableTest, ExitCutsAllConnectionsOfTheProcessAndNoOther) {
  Add(7, process_);
  Add(8, process_);
  Add(9, std::make_shared<fakes::PlainProcess>(11));
  table_.CutProcess(process_->key());
  EXPECT_TRUE(IsCut(0));
  EXPECT_TRUE(IsCut(1));
  EXPECT_FALSE(IsCut(2));
  EXPECT_FALSE(table_.BeginCall("fd:7"));
  EXPECT_TRUE(table_.BeginCall("fd:9"));
}

TEST_F(ConnectionTableTest, SaysWhichConnectionIsAProcesssFirstAndLast) {
  const auto first = Add(7, process_);
  const auto second = Add(8, process_);
  EXPECT_TRUE(first.first_of_process);
  EXPECT_FALSE(second.first_of_process);
  EXPECT_EQ(table_.Remove(first.connection_id)->unwatched_process, nullptr);
  EXPECT_EQ(table_.Remove(second.connection_id)->unwatched_process, process_);
  EXPECT_FALSE(table_.Remove(second.connection_id));
}

TEST_F(ConnectionTableTest, SilentAndIdleConnectionsAreCutAndBusyOnesAreNot) {
  Add(7, process_);
  Add(8, process_);
  Add(9, process_);
  { const auto once = table_.BeginCall("fd:8"); }
  const auto open = table_.BeginCall("fd:9");
  clock_.now.boot += seconds(31);
  table_.CutIdle(seconds(30), seconds(600));
  EXPECT_TRUE(IsCut(0));
  EXPECT_FALSE(IsCut(1));
  clock_.now.boot += seconds(600);
  table_.CutIdle(seconds(30), seconds(600));
  EXPECT_TRUE(IsCut(1));
  EXPECT_FALSE(IsCut(2));
}

TEST_F(ConnectionTableTest, TicketGivesItsPlaceBackAlsoWhenTheConnectionWentFirst) {
  const auto added = Add(7, process_);
  {
    const auto ticket = table_.BeginCall("fd:7");
    EXPECT_EQ(table_.counts().calls, 1U);
    table_.Remove(added.connection_id);
  }
  EXPECT_EQ(table_.counts().calls, 0U);
  EXPECT_EQ(table_.counts().connections, 0U);
}

}  // namespace
}  // namespace surety
