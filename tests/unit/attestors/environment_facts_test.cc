#include "attestors/environment_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "attestors/boot_now.h"
#include "attestors/linux_process.h"
#include "attestors/running_executable.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Child;
using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;

class EnvironmentFactsTest : public ::testing::Test {
 protected:
  EnvironmentFactsTest() {
    process_->SetFile("auxv", std::string("first"));
    process_->SetFile("environ", "LD_PRELOAD=/x\0"s);
  }
  Result<Attestation> LookOnce(const std::shared_ptr<const ProcessHandle>& process,
                               BootClock::duration patience = milliseconds(0)) {
    Findings findings("unix");
    const auto added = facts_.Add(process, 1, BootNow() + patience, findings);
    if (!added) return added.error();
    return std::move(findings).Finish();
  }
  // Looks until nothing is missing that may still come.
  std::vector<std::string> Look(const std::shared_ptr<const ProcessHandle>& process) {
    std::vector<std::string> out;
    Eventually([&] {
      out.clear();
      const auto seen = LookOnce(process);
      if (!seen) {
        out.push_back(seen.error().Text());
        return true;
      }
      for (const auto& selector : seen->selectors) out.push_back(selector.Text());
      for (const auto& fact : seen->missing) out.push_back("missing " + fact.kind);
      return seen->complete() || seen->missing.front().why.code() != ErrorCode::kUnavailable;
    });
    return out;
  }
  std::vector<std::string> Look() { return Look(process_); }

  BootTime now_{seconds(1000)};
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
  EnvironmentFacts facts_{[this] { return now_; }};
};

TEST_F(EnvironmentFactsTest, NamesTheLoadersVariables) {
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD"));
}

TEST_F(EnvironmentFactsTest, TooLongAnEnvironmentIsADefiniteAnswer) {
  process_->SetFile("environ", std::string(129UL * 1024, 'x'));
  EXPECT_THAT(Look(), ElementsAre("unix:env:unread"));
  process_->SetFile("auxv", std::string("second"));
  process_->SetFile("environ", std::string(128UL * 1024, 'x'));
  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(EnvironmentFactsTest, AnotherAddressSpaceIsReadAnew) {
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD"));
  process_->SetFile("environ", "LD_AUDIT=/x\0"s);
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD")) << "remembered";
  process_->SetFile("auxv", std::string("second"));
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_AUDIT"));
}

TEST_F(EnvironmentFactsTest, AnswerIsWorkedOutAnewAfterTenSeconds) {
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD"));
  process_->SetFile("environ", "LD_AUDIT=/x\0"s);
  now_ += seconds(11);
  EXPECT_TRUE(Eventually([&] { return Look() == std::vector{"unix:env:LD_AUDIT"s}; }));
}

TEST_F(EnvironmentFactsTest, ForgottenAnswerIsWorkedOutAnew) {
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD"));
  process_->SetFile("environ", "LD_AUDIT=/x\0"s);
  facts_.Forget(*process_, 1);
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_AUDIT"));
}

TEST_F(EnvironmentFactsTest, ExecWhileItIsReadGivesNoMixture) {
  process_->AfterRead([&](std::string_view name) {
    if (name == "environ") process_->SetFile("auxv", std::string("second"));
  });
  const auto seen = LookOnce(process_, seconds(10));
  process_->AfterRead({});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->selectors.empty());
  ASSERT_EQ(seen->missing.size(), 1U);
  EXPECT_EQ(seen->missing.front().kind, "unix:env");
}

TEST_F(EnvironmentFactsTest, WhatMayNotBeReadIsMissing) {
  process_->SetFile("environ", Error(ErrorCode::kPermissionDenied, "no"));
  EXPECT_THAT(Look(), ElementsAre("missing unix:env"));
  process_->SetFile("auxv", Error(ErrorCode::kPermissionDenied, "no"));
  EXPECT_THAT(Look(), ElementsAre("missing unix:env"));
}

TEST_F(EnvironmentFactsTest, ProcessThatExitsIsGone) {
  process_->AfterRead([&](std::string_view name) {
    if (name == "environ") process_->Exit();
  });
  EXPECT_EQ(LookOnce(process_, seconds(10)).error().code(), ErrorCode::kPeerGone);
  process_->AfterRead({});
  EXPECT_EQ(LookOnce(process_).error().code(), ErrorCode::kPeerGone);
}

// A process that has its environment on a page that never comes holds up nobody.
TEST_F(EnvironmentFactsTest, ReadThatHangsIsNotWaitedFor) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  process_->AfterRead([&, released](std::string_view name) {
    if (name == "environ") released.wait();
  });
  const auto begin = BootNow();
  const auto seen = LookOnce(process_, milliseconds(5));
  EXPECT_LT(BootNow() - begin, seconds(2));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->missing.front().why.code(), ErrorCode::kUnavailable);
  now_ += seconds(31);
  EXPECT_EQ(LookOnce(process_)->missing.front().why.code(), ErrorCode::kDeadline);
  release.set_value();
  EXPECT_TRUE(Eventually([&] { return LookOnce(process_)->complete(); }));
  EXPECT_THAT(Look(), ElementsAre("unix:env:LD_PRELOAD"));
  process_->AfterRead({});
}

class EnvironmentOnKernel : public EnvironmentFactsTest {
 protected:
  std::shared_ptr<const ProcessHandle> Open(const Child& child) {
    EXPECT_EQ(child.error(), 0);
    return *opener_->OpenByPid(child.pid());
  }
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
};

TEST_F(EnvironmentOnKernel, StartIsWhatCounts) {
  const auto plain = Child::Running({"/usr/bin/env", "-i", "PATH=/bin", "/bin/sleep", "600"});
  const auto preloaded =
      Child::Running({"/usr/bin/env", "-i", "LD_LIBRARY_PATH=/nowhere", "/bin/sleep", "600"});
  EXPECT_TRUE(Eventually([&] { return Look(Open(plain)).empty(); }));
  EXPECT_TRUE(Eventually([&] {
    facts_.Forget(*Open(preloaded), 1);
    return Look(Open(preloaded)) == std::vector{"unix:env:LD_LIBRARY_PATH"s};
  }));
}

TEST_F(EnvironmentOnKernel, SecondRunOfTheSameExecutableIsSeenAtOnce) {
  const auto child = Child::Running(
      {"/usr/bin/env", "-i", "/bin/sh", "-c",
       "kill -STOP $$; exec env LD_LIBRARY_PATH=/nowhere /bin/sh -c 'kill -STOP $$'"});
  const auto process = Open(child);
  const auto stopped = [&] {
    return process->ReadFile("status", 65536)->find("State:\tT") != std::string::npos;
  };
  ASSERT_TRUE(Eventually(stopped));
  EXPECT_THAT(Look(process), IsEmpty());
  const auto before = OpenRunningExecutable(*process)->facts.identity;
  ASSERT_EQ(::kill(child.pid(), SIGCONT), 0);
  ASSERT_TRUE(Eventually(stopped));
  ASSERT_TRUE(before.SameFile(LookAtRunningExecutable(*process)->identity));
  EXPECT_THAT(Look(process), ElementsAre("unix:env:LD_LIBRARY_PATH"));
}

TEST_F(EnvironmentOnKernel, SetenvLaterOnChangesNothing) {
  const auto self = *opener_->OpenByPid(::getpid());
  const auto before = Look(self);
  ::setenv("LD_AUDIT", "/nowhere", 1);
  facts_.Forget(*self, 1);
  EXPECT_EQ(Look(self), before);
  ::unsetenv("LD_AUDIT");
}

}  // namespace
}  // namespace surety
