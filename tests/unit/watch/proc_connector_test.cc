#include "agent/watch/proc_connector.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/attestors/child_process.h"

namespace surety::testing {
namespace {

constexpr int kBuffer = 1 << 20;

std::vector<ProcEvent> ReadAll(ProcConnector& connector) {
  std::vector<ProcEvent> events;
  connector.Read([&](const ProcEvent& event) { events.push_back(event); }, 100'000);
  return events;
}

TEST(ProcConnector, IsAcknowledgedByTheKernel) {
  auto connector = ProcConnector::Subscribe(BirthFilter(0), kBuffer);
  ASSERT_TRUE(connector) << connector.error().Text();
  EXPECT_FALSE(connector->acknowledged());
  EXPECT_TRUE(Eventually([&] {
    ReadAll(*connector);
    return connector->acknowledged();
  }));
}

// The event is there when the call that raises it returns: proofs build on it.
TEST(ProcConnector, TellsAtOnceOfOurOwnRenaming) {
  auto connector = ProcConnector::Subscribe(FollowedFilter({}, ::gettid()), kBuffer);
  ASSERT_TRUE(connector) << connector.error().Text();
  std::array<char, 16> name{};
  ::prctl(PR_GET_NAME, name.data());
  ::prctl(PR_SET_NAME, name.data());
  const auto events = ReadAll(*connector);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.front().type, ProcEventType::kComm);
  EXPECT_EQ(events.front().thread, ::gettid());
}

TEST(ProcConnector, ANewFilterTakesThePlaceOfTheOldOne) {
  auto connector = ProcConnector::Subscribe(FollowedFilter({}, 0), kBuffer);
  ASSERT_TRUE(connector) << connector.error().Text();
  {
    const auto unseen = Child::Running({"/bin/sleep", "100"});
    EXPECT_TRUE(ReadAll(*connector).empty());
  }
  const auto child = Child::Sleeping();
  ASSERT_TRUE(connector->SetFilter(BirthFilter(0)));
  const auto another = Child::Sleeping();
  const auto events = ReadAll(*connector);
  const auto born = std::find_if(events.begin(), events.end(), [&](const ProcEvent& event) {
    return event.process == another.pid();
  });
  ASSERT_NE(born, events.end());
  EXPECT_EQ(born->parent, ::getpid());
}

// As many instructions as are allowed, again and again: none piles up.
TEST(ProcConnector, LargeFiltersCanBeReplaced) {
  auto connector = ProcConnector::Subscribe(FollowedFilter({}, 0), kBuffer);
  ASSERT_TRUE(connector) << connector.error().Text();
  std::vector<pid_t> pids;
  for (pid_t pid = 1; pid <= static_cast<pid_t>(kMostFiltered); ++pid) pids.push_back(pid * 7);
  for (int i = 0; i < 20; ++i) {
    const auto set = connector->SetFilter(FollowedFilter(pids, 0));
    EXPECT_TRUE(set) << set.error().Text();
  }
}

TEST(ProcConnector, SaysThatItOverflowed) {
  auto connector = ProcConnector::Subscribe(BirthFilter(0), 1);
  ASSERT_TRUE(connector) << connector.error().Text();
  for (int i = 0; i < 20; ++i) const auto child = Child::Sleeping();
  ProcConnector::Drained drained;
  EXPECT_TRUE(Eventually([&] {
    drained = connector->Read([](const ProcEvent&) {}, 1000);
    return drained.overflowed;
  }));
  const auto child = Child::Sleeping();
  EXPECT_FALSE(ReadAll(*connector).empty());
}

TEST(ProcConnector, DoesNotWait) {
  auto connector = ProcConnector::Subscribe(FollowedFilter({}, 0), kBuffer);
  ASSERT_TRUE(connector) << connector.error().Text();
  ReadAll(*connector);
  EXPECT_EQ(ReadAll(*connector).size(), 0U);
}

}  // namespace
}  // namespace surety::testing
