#include "attestors/ancestry.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

constexpr pid_t kUnrelated = 9999;

// One link of a chain whose processes have the pids 10, 11, 12 … upwards.
struct Step {
  uid_t uid = 0;
  pid_t session = kUnrelated;
  std::optional<std::uint32_t> login{};
};

std::vector<Link> Chain(const std::vector<Step>& steps) {
  std::vector<Link> chain;
  for (const auto& step : steps) {
    const auto pid = static_cast<pid_t>(10 + chain.size());
    chain.push_back({{pid, 1}, pid + 1, step.session, step.uid, step.login, "x"});
  }
  return chain;
}

TEST(CountOwn, ProcessAlone) {
  EXPECT_EQ(CountOwn(Chain({{1001}})), 1U);
  EXPECT_EQ(CountOwn(Chain({{0}})), 1U);
}

TEST(CountOwn, EverythingWithoutPrivilegesIsItsOwn) {
  EXPECT_EQ(CountOwn(Chain({{1001}, {1001}, {1002}})), 3U);
}

TEST(CountOwn, RootSupervisorEndsIt) {
  EXPECT_EQ(CountOwn(Chain({{1001}, {0}})), 1U);
  EXPECT_EQ(CountOwn(Chain({{1001}, {1001}, {0}, {0}})), 2U);
}

TEST(CountOwn, RootLeaderOfTheSessionBelowIsPartOfIt) {
  // 11 leads the session of 10.
  EXPECT_EQ(CountOwn(Chain({{1001, 11}, {0, 11}})), 2U);
  // And 12 leads nothing of theirs.
  EXPECT_EQ(CountOwn(Chain({{1001, 11}, {0, 11}, {0, 12}})), 2U);
  // Two shells, the upper one leading the session of the lower one.
  EXPECT_EQ(CountOwn(Chain({{1001, 12}, {1001, 12}, {0, 12}, {0, 13}})), 3U);
}

TEST(CountOwn, LeaderFurtherUpDoesNotReachAcrossASupervisor) {
  EXPECT_EQ(CountOwn(Chain({{1001, 12}, {0, 12}, {0, 12}})), 1U);
}

TEST(CountOwn, RootProcessBelowAUserAnswersForThatUser) {
  // sudo: a shell of 1000, sudo itself, and what it started as 1001.
  EXPECT_EQ(CountOwn(Chain({{1001, 12}, {0, 12}, {1000, 12}})), 3U);
  // The same with a supervisor above, and with a login monitor above.
  EXPECT_EQ(CountOwn(Chain({{1001, 12}, {0, 12}, {1000, 12}, {0, 77}})), 3U);
  EXPECT_EQ(CountOwn(Chain({{1001, 13}, {0, 13}, {1000, 13}, {0, 13}, {0, 77}})), 4U);
}

TEST(CountOwn, RootProcessesOfASessionBelongToItsLeader) {
  EXPECT_EQ(CountOwn(Chain({{0, 11}, {0, 11}, {0, 66}})), 2U);
  EXPECT_EQ(CountOwn(Chain({{0, 10}, {0, 11}})), 1U);
}

TEST(FindLogin, CountsWhereRootBeganIt) {
  EXPECT_EQ(FindLogin(Chain({{1001, 0, 5}, {1001, 0, 5}, {0, 0, 5}, {0}})), 5U);
  EXPECT_EQ(FindLogin(Chain({{0, 0, 5}})), 5U);
}

TEST(FindLogin, SessionThatAUserBeganForHimselfIsNone) {
  EXPECT_EQ(FindLogin(Chain({{1001, 0, 5}, {1001}})), std::nullopt);
  EXPECT_EQ(FindLogin(Chain({{1001, 0, 5}, {0}})), std::nullopt);
  EXPECT_EQ(FindLogin(Chain({{1001, 0, 5}, {1001, 0, 4}, {0, 0, 4}})), std::nullopt);
  // Nor does root's higher up count, with a gap between.
  EXPECT_EQ(FindLogin(Chain({{1001, 0, 5}, {1001}, {0, 0, 5}})), std::nullopt);
}

TEST(FindLogin, NoneIsNone) { EXPECT_EQ(FindLogin(Chain({{1001}, {0, 0, 5}})), std::nullopt); }

}  // namespace
}  // namespace surety
