#include "agent/watch/fair_queue.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

class UidTurn final : public ScheduledTurn {
 public:
  explicit UidTurn(uid_t uid) : uid_(uid) {}
  std::optional<BootTime> Take(Moment) override { return std::nullopt; }
  [[nodiscard]] ProcessKey process() const override { return {}; }
  [[nodiscard]] uid_t share() const override { return uid_; }

 private:
  const uid_t uid_;
};

TEST(FairQueueTest, EmptyQueueGivesNull) {
  FairQueue queue;
  EXPECT_EQ(queue.Pop(), nullptr);
}

TEST(FairQueueTest, OneUidsFloodDelaysAnotherByOneTurnAtMost) {
  FairQueue queue;
  for (int i = 0; i < 1000; ++i) queue.Push(std::make_shared<UidTurn>(1001));
  queue.Push(std::make_shared<UidTurn>(1002));
  EXPECT_EQ(queue.Pop()->share(), 1001U);
  EXPECT_EQ(queue.Pop()->share(), 1002U);
  EXPECT_EQ(queue.size(), 999U);
}

TEST(FairQueueTest, KeepsOrderWithinAUid) {
  FairQueue queue;
  const auto first = std::make_shared<UidTurn>(1);
  const auto second = std::make_shared<UidTurn>(1);
  queue.Push(first);
  queue.Push(second);
  EXPECT_EQ(queue.Pop(), first);
  EXPECT_EQ(queue.Pop(), second);
}

}  // namespace
}  // namespace surety
