#include "attestors/background_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;
using ::testing::HasSubstr;
using Lookup = BackgroundLookup<int, std::string>;
using Answer = std::string;

class BackgroundLookupTest : public ::testing::Test {
 protected:
  // Work that gives `answer`, and counts how often it was done.
  auto Giving(Result<std::string> answer) {
    return [this, answer]() -> Result<Lookup::Compute> {
      return Lookup::Compute([count = count_, answer](const std::stop_token&) {
        ++*count;
        return answer;
      });
    };
  }
  auto Hanging() {
    return []() -> Result<Lookup::Compute> {
      return Lookup::Compute([](const std::stop_token& stop) -> Result<std::string> {
        while (!stop.stop_requested()) std::this_thread::yield();
        return Error(ErrorCode::kUnavailable, "stopped");
      });
    };
  }
  Lookup Make(std::size_t capacity = 100) {
    return {"asking", pool_, LookupTimes{}, capacity,
            [now = now_] { return BootTime(now->load()); }};
  }
  void Pass(milliseconds time) { *now_ = now_->load() + time; }
  // Asks until the answer is there.
  Result<std::string> Settle(Lookup& lookup, int key, const Result<std::string>& answer) {
    Result<std::string> got = Error(ErrorCode::kInternal, "");
    Eventually([&] {
      got = lookup.Get(key, 1, milliseconds(5), Giving(answer));
      return got || got.error().code() != ErrorCode::kUnavailable;
    });
    return got;
  }

  const std::shared_ptr<std::atomic<BootClock::duration>> now_ =
      std::make_shared<std::atomic<BootClock::duration>>(seconds(1000));
  const std::shared_ptr<std::atomic<int>> count_ = std::make_shared<std::atomic<int>>(0);
  const std::shared_ptr<WorkerPool> pool_ = std::make_shared<WorkerPool>(WorkerPool::Limits{});
};

TEST_F(BackgroundLookupTest, QuickAnswerComesWithTheFirstCall) {
  auto lookup = Make();
  const auto got = lookup.Get(1, 1, seconds(10), Giving(Answer("one")));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "one");
}

TEST_F(BackgroundLookupTest, WithoutPatienceTheFirstCallSaysPending) {
  auto lookup = Make();
  const auto got = lookup.Get(1, 1, milliseconds(0), Hanging());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), ErrorCode::kUnavailable);
}

TEST_F(BackgroundLookupTest, FreshAnswerIsNotWorkedOutAgain) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  Pass(milliseconds(9'999));
  EXPECT_EQ(*lookup.Get(1, 1, seconds(10), Giving(Answer("other"))), "one");
  EXPECT_EQ(*count_, 1);
}

TEST_F(BackgroundLookupTest, OlderAnswerIsServedWhileItIsRenewed) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  Pass(milliseconds(10'001));
  EXPECT_EQ(*lookup.Get(1, 1, seconds(10), Giving(Answer("two"))), "one");
  EXPECT_TRUE(
      Eventually([&] { return *lookup.Get(1, 1, seconds(0), Giving(Answer("two"))) == "two"; }));
  EXPECT_EQ(*count_, 2);
}

TEST_F(BackgroundLookupTest, TooOldAnswerIsNotServedEvenIfRenewalHangs) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  Pass(milliseconds(10'001));
  EXPECT_EQ(*lookup.Get(1, 1, milliseconds(0), Hanging()), "one");
  Pass(milliseconds(50'000));
  const auto got = lookup.Get(1, 1, milliseconds(0), Giving(Answer("two")));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), ErrorCode::kDeadline);
}

TEST_F(BackgroundLookupTest, FailedRenewalKeepsTheAnswerUntilItIsTooOld) {
  auto lookup = Make();
  const Error down(ErrorCode::kPermissionDenied, "server down");
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  Pass(milliseconds(10'001));
  EXPECT_EQ(*lookup.Get(1, 1, seconds(0), Giving(down)), "one");
  ASSERT_TRUE(Eventually([&] { return *count_ == 2; }));
  EXPECT_EQ(*lookup.Get(1, 1, seconds(0), Giving(down)), "one");
  Pass(milliseconds(50'000));
  EXPECT_TRUE(Eventually([&] {
    const auto got = lookup.Get(1, 1, seconds(0), Giving(down));
    return !got && got.error().code() == ErrorCode::kPermissionDenied;
  }));
}

TEST_F(BackgroundLookupTest, ErrorIsGivenAgainForAWhileAndThenTriedAnew) {
  auto lookup = Make();
  const Error no(ErrorCode::kPermissionDenied, "no");
  EXPECT_FALSE(Settle(lookup, 1, no));
  Pass(milliseconds(999));
  EXPECT_FALSE(lookup.Get(1, 1, seconds(10), Giving(Answer("one"))));
  EXPECT_EQ(*count_, 1);
  Pass(milliseconds(2));
  EXPECT_EQ(*lookup.Get(1, 1, seconds(10), Giving(Answer("one"))), "one");
}

TEST_F(BackgroundLookupTest, WhoComesAgainLateGetsOnceWhatIsOwed) {
  LookupTimes times;
  times.fresh = times.kept = seconds(1);
  times.failed = milliseconds(100);
  times.owed = seconds(10);
  WorkerPool::Limits one;
  one.threads = 1;
  const auto pool = std::make_shared<WorkerPool>(one);
  Lookup lookup("asking", pool, times, 100, [now = now_] { return BootTime(now->load()); });
  for (const Result<std::string>& answer :
       {Result<std::string>("late"), Result<std::string>(Error(ErrorCode::kUnavailable, "late"))}) {
    const auto text = [](const auto& got) { return got ? *got : got.error().Text(); };
    const int before = *count_;
    EXPECT_THAT(text(lookup.Get(1, 1, seconds(0), Giving(answer))), HasSubstr("under way"));
    // Done, and its answer kept.
    ASSERT_TRUE(Eventually([&] { return *count_ > before && pool->Quiet(); }));
    Pass(milliseconds(9'999));
    EXPECT_TRUE(Eventually(
        [&] { return text(lookup.Get(1, 1, seconds(0), Giving(Answer("new")))) == "late"; }));
    EXPECT_EQ(*count_, before + 1);
    EXPECT_EQ(*Settle(lookup, 1, Answer("new")), "new") << "it was owed once";
    EXPECT_EQ(*lookup.Get(1, 1, seconds(10), Giving(Answer("newer"))), "new") << "it is fresh";
    Pass(milliseconds(1'000));
  }
}

TEST_F(BackgroundLookupTest, HangingWorkIsToldApartFromSlowWork) {
  auto lookup = Make();
  EXPECT_EQ(lookup.Get(1, 1, milliseconds(1), Hanging()).error().code(), ErrorCode::kUnavailable);
  Pass(milliseconds(29'999));
  EXPECT_EQ(lookup.Get(1, 1, milliseconds(1), Hanging()).error().code(), ErrorCode::kUnavailable);
  Pass(milliseconds(2));
  EXPECT_EQ(lookup.Get(1, 1, milliseconds(1), Hanging()).error().code(), ErrorCode::kDeadline);
}

TEST_F(BackgroundLookupTest, HangingKeysOfOneShareDoNotDelayAnother) {
  auto lookup = Make();
  for (int key = 0; key < 100; ++key) EXPECT_FALSE(lookup.Get(key, 1, milliseconds(0), Hanging()));
  const auto got = lookup.Get(1000, 2, seconds(10), Giving(Answer("mine")));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "mine");
}

TEST_F(BackgroundLookupTest, RefusedWorkIsTriedAgainLater) {
  auto lookup = Make();
  for (int key = 0; key < 66; ++key) EXPECT_FALSE(lookup.Get(key, 1, milliseconds(0), Hanging()));
  EXPECT_EQ(lookup.Get(900, 1, milliseconds(0), Giving(Answer("x"))).error().code(),
            ErrorCode::kUnavailable);
  EXPECT_EQ(*lookup.Get(900, 2, seconds(10), Giving(Answer("x"))), "x");
}

TEST_F(BackgroundLookupTest, WhatCannotBeStartedIsTheError) {
  auto lookup = Make();
  const auto got = lookup.Get(1, 1, seconds(1), []() -> Result<Lookup::Compute> {
    return Error(ErrorCode::kResourceExhausted, "no descriptors");
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(*lookup.Get(1, 1, seconds(10), Giving(Answer("one"))), "one");
}

TEST_F(BackgroundLookupTest, LeastRecentlyAskedIsForgotten) {
  auto lookup = Make(2);
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  EXPECT_EQ(*Settle(lookup, 2, Answer("two")), "two");
  EXPECT_EQ(*Settle(lookup, 1, Answer("-")), "one");
  EXPECT_EQ(*Settle(lookup, 3, Answer("three")), "three");
  EXPECT_EQ(*Settle(lookup, 1, Answer("-")), "one");
  EXPECT_EQ(*Settle(lookup, 2, Answer("again")), "again");
}

TEST_F(BackgroundLookupTest, WorkMayEndAfterTheLookupIsGone) {
  auto release = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::atomic<bool>>(false);
  {
    auto lookup = Make();
    EXPECT_FALSE(lookup.Get(1, 1, milliseconds(0), [&]() -> Result<Lookup::Compute> {
      return Lookup::Compute([release, ended](const std::stop_token&) -> Result<std::string> {
        release->get_future().wait();
        *ended = true;
        return std::string("late");
      });
    }));
  }
  release->set_value();
  EXPECT_TRUE(Eventually([&] { return ended->load(); }));
}

TEST_F(BackgroundLookupTest, ForgottenAnswerIsWorkedOutAgain) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  EXPECT_EQ(*Settle(lookup, 2, Answer("two")), "two");
  lookup.Forget(1, 1);
  lookup.Forget(3, 1);
  EXPECT_EQ(*Settle(lookup, 1, Answer("uno")), "uno");
  EXPECT_EQ(*Settle(lookup, 2, Answer("dos")), "two");
}

TEST_F(BackgroundLookupTest, WorkThatBeganBeforeForgetIsNotForWhomItWas) {
  auto lookup = Make();
  std::promise<void> begun;
  std::promise<void> release;
  const auto slow = [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute([&](const std::stop_token&) {
      begun.set_value();
      release.get_future().wait();
      return Result<std::string>("of before");
    });
  };
  EXPECT_FALSE(lookup.Get(1, 1, milliseconds(0), slow));
  begun.get_future().wait();
  lookup.Forget(1, 1);
  // Nothing new is begun while the old work is under way.
  EXPECT_EQ(lookup.Get(1, 1, milliseconds(0), Giving(Answer("new"))).error().code(),
            ErrorCode::kUnavailable);
  release.set_value();
  EXPECT_EQ(*Settle(lookup, 1, Answer("new")), "new");
}

TEST_F(BackgroundLookupTest, OneThatIsForgottenAgainAndAgainKeepsNoOtherWaiting) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  lookup.Forget(1, 1);
  EXPECT_FALSE(lookup.Get(1, 1, milliseconds(0), Hanging()));
  for (int i = 0; i < 100; ++i) {
    lookup.Forget(1, 1);
    const auto got = lookup.Get(1, 2, milliseconds(0), Giving(Answer("two")));
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, "one");
  }
}

TEST_F(BackgroundLookupTest, AnswerWorkedOutAfreshIsForAll) {
  auto lookup = Make();
  EXPECT_EQ(*Settle(lookup, 1, Answer("one")), "one");
  lookup.Forget(1, 1);
  EXPECT_EQ(*Settle(lookup, 1, Answer("two")), "two");
  EXPECT_EQ(*lookup.Get(1, 2, milliseconds(0), Giving(Answer("three"))), "two");
}

}  // namespace
}  // namespace surety
