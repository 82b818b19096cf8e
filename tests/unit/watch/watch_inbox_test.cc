#include "agent/watch/watch_inbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <thread>

#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

class WatchInboxTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool Signals() const {
    pollfd watched{inbox_.signal_fd(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
  }
  void Put(const ProcessKey& key) {
    inbox_.Put(Followed(std::make_shared<FakeProcess>(key), false));
  }

  WatchInbox inbox_{UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), 2};
};

TEST_F(WatchInboxTest, AProcessHasOnePlace) {
  const FakeProcess one({1, 1});
  const FakeProcess two({1, 2});
  EXPECT_TRUE(inbox_.Reserve(one));
  EXPECT_FALSE(inbox_.Reserve(one));
  EXPECT_TRUE(inbox_.Reserve(two));
  EXPECT_EQ(inbox_.size(), 2U);
  EXPECT_EQ(inbox_.refused(), 0U);
}

TEST_F(WatchInboxTest, WithoutRoomOneIsRefusedUntilAnotherLeaves) {
  const FakeProcess one({1, 1});
  const FakeProcess two({2, 1});
  const FakeProcess three({3, 1});
  EXPECT_TRUE(inbox_.Reserve(one));
  EXPECT_TRUE(inbox_.Reserve(two));
  EXPECT_FALSE(inbox_.Reserve(three));
  EXPECT_EQ(inbox_.refused(), 1U);
  inbox_.Forget({1, 1}, &one);
  EXPECT_TRUE(inbox_.Reserve(three));
}

// A pid that was given away within one clock tick: the former's end must not take
// the heir's place away.
TEST_F(WatchInboxTest, AnHeirOfTheSameKeyTakesThePlaceOver) {
  const FakeProcess former({1, 1});
  const FakeProcess heir({1, 1});
  EXPECT_TRUE(inbox_.Reserve(former));
  EXPECT_TRUE(inbox_.Reserve(heir));
  EXPECT_EQ(inbox_.size(), 1U);
  inbox_.Forget({1, 1}, &former);
  EXPECT_EQ(inbox_.size(), 1U);
  EXPECT_FALSE(inbox_.Reserve(heir));
  inbox_.Forget({1, 1}, &heir);
  EXPECT_EQ(inbox_.size(), 0U);
}

TEST_F(WatchInboxTest, SignalsUntilAcknowledgedAndKeepsWhatCame) {
  EXPECT_FALSE(Signals());
  Put({1, 1});
  Put({2, 1});
  EXPECT_TRUE(Signals());
  inbox_.Acknowledge();
  EXPECT_FALSE(Signals());
  EXPECT_EQ(inbox_.TakeAll().size(), 2U);
  EXPECT_TRUE(inbox_.TakeAll().empty());
}

TEST_F(WatchInboxTest, AQuestionWaitsForItsAnswer) {
  std::atomic<bool> answered{false};
  std::thread asks([&] {
    inbox_.AskForBirth(42, std::chrono::seconds(10));
    EXPECT_TRUE(answered);
  });
  std::vector<pid_t> questions;
  while (questions.empty()) questions = inbox_.TakeQuestions();
  EXPECT_EQ(questions, std::vector<pid_t>{42});
  EXPECT_TRUE(Signals());
  answered = true;
  inbox_.AnswerQuestions();
  asks.join();
}

TEST_F(WatchInboxTest, AQuestionIsGivenUpInTheEndAndAtStop) {
  inbox_.AskForBirth(42, std::chrono::milliseconds(1));
  inbox_.Stop();
  inbox_.AskForBirth(43, std::chrono::hours(1));
}

TEST_F(WatchInboxTest, StopSignalsAndRefuses) {
  EXPECT_FALSE(inbox_.stopping());
  inbox_.Stop();
  EXPECT_TRUE(inbox_.stopping());
  EXPECT_TRUE(Signals());
  EXPECT_FALSE(inbox_.Reserve(FakeProcess({1, 1})));
}

}  // namespace
}  // namespace surety
