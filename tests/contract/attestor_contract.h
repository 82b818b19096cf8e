#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "attestors/boot_now.h"
#include "attestors/linux_process.h"
#include "surety/attestor.h"
#include "tests/unit/attestors/child_process.h"

namespace surety::testing {

/// What every attestor promises in surety/attestor.h, tried on real processes.
/// A new attestor joins with one line:
///
///   INSTANTIATE_TEST_SUITE_P(Docker, AttestorContract, Values(AttestorCase{...}));
struct AttestorCase {
  std::string name;  ///< Of the selector type.
  std::function<std::unique_ptr<Attestor>()> make;
};

class AttestorContract : public ::testing::TestWithParam<AttestorCase> {
 protected:
  std::shared_ptr<const ProcessHandle> Open(const Child& child) {
    const auto process = opener_->OpenByPid(child.pid());
    EXPECT_TRUE(process) << process.error().Text();
    return process ? *process : nullptr;
  }
  static Peer PeerOf(std::shared_ptr<const ProcessHandle> process) {
    return {std::move(process), 0, 0, 1};
  }
  [[nodiscard]] Result<Attestation> Ask(const std::shared_ptr<const ProcessHandle>& process) const {
    return attestor_->Attest(PeerOf(process), BootNow() + std::chrono::seconds(10));
  }
  // Asks until nothing is worked out in the background any more.
  [[nodiscard]] Result<Attestation> Settle(
      const std::shared_ptr<const ProcessHandle>& process) const {
    Result<Attestation> seen = Error(ErrorCode::kInternal, "not asked");
    Eventually([&] {
      seen = Ask(process);
      return !seen || seen->complete();
    });
    return seen;
  }
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  const std::unique_ptr<Attestor> attestor_ = GetParam().make();
};

TEST_P(AttestorContract, NameIsConstantAndFitForASelectorType) {
  const std::string name(attestor_->name());
  EXPECT_EQ(name, GetParam().name);
  EXPECT_EQ(GetParam().make()->name(), name);
  EXPECT_FALSE(name.empty());
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
}

TEST_P(AttestorContract, MakesOnlyItsOwnTypeAndNoEmptyValue) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto seen = Settle(Open(child));
  ASSERT_TRUE(seen);
  for (const auto& selector : seen->selectors) {
    EXPECT_EQ(selector.type, attestor_->name());
    EXPECT_FALSE(selector.value.empty());
    for (const char byte : selector.value)
      EXPECT_FALSE(static_cast<unsigned char>(byte) < 0x20) << selector.Text();
  }
}

TEST_P(AttestorContract, MakesOnlyTheKindsThatItNames) {
  const auto kinds = attestor_->selector_kinds();
  const std::string name(attestor_->name());
  for (const std::string& kind : kinds)
    EXPECT_TRUE(kind == name || kind.starts_with(name + ":")) << kind;
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto seen = Settle(Open(child));
  ASSERT_TRUE(seen);
  for (const auto& selector : seen->selectors)
    EXPECT_TRUE(std::find(kinds.begin(), kinds.end(), selector.Kind()) != kinds.end() ||
                std::find(kinds.begin(), kinds.end(), name) != kinds.end())
        << selector.Text();
}

TEST_P(AttestorContract, MissingFactsAreNamedByKind) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  // The first answer is the one most likely to lack something.
  const auto seen = Ask(Open(child));
  ASSERT_TRUE(seen);
  const auto kinds = attestor_->selector_kinds();
  const std::string name(attestor_->name());
  for (const auto& fact : seen->missing) {
    EXPECT_TRUE(fact.kind == name || fact.kind.starts_with(name + ":")) << fact.kind;
    EXPECT_TRUE(fact.kind == name ||
                std::find(kinds.begin(), kinds.end(), fact.kind) != kinds.end() ||
                std::find(kinds.begin(), kinds.end(), name) != kinds.end())
        << fact.kind;
    EXPECT_FALSE(fact.why.message().empty());
    EXPECT_NE(fact.why.code(), ErrorCode::kPeerGone);
  }
}

TEST_P(AttestorContract, AnswersTwiceTheSameForAnUnchangedProcess) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  const auto first = Settle(process);
  const auto second = Settle(process);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_TRUE(first->complete());
  EXPECT_EQ(first->selectors, second->selectors);
}

TEST_P(AttestorContract, ExitedProcessIsPeerGone) {
  auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  ASSERT_TRUE(Settle(process));
  child.KillAndReap();
  const auto seen = Ask(process);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code(), ErrorCode::kPeerGone);
}

TEST_P(AttestorContract, DyingProcessGainsNothing) {
  for (int i = 0; i < 20; ++i) {
    auto child = Child::Running({"/bin/sleep", "600"});
    const auto process = Open(child);
    const auto whole = Settle(process);
    ASSERT_TRUE(whole);
    std::thread killer([&] { child.KillAndReap(); });
    for (;;) {
      const auto seen = Ask(process);
      if (seen) {
        // The kernel takes a process apart, piece by piece, before it counts as exited.
        EXPECT_TRUE(whole->selectors.Includes(seen->selectors));
        continue;
      }
      EXPECT_EQ(seen.error().code(), ErrorCode::kPeerGone);
      break;
    }
    killer.join();
  }
}

TEST_P(AttestorContract, ManyThreadsGetTheSameAnswers) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  const auto expected = Settle(process);
  ASSERT_TRUE(expected);
  std::atomic<int> different = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto seen = Ask(process);
        if (!seen || seen->selectors != expected->selectors) ++different;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

TEST_P(AttestorContract, ForgettingChangesNoAnswer) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  const auto before = Settle(process);
  ASSERT_TRUE(before);
  attestor_->Forget(PeerOf(process));
  const auto at_once = Ask(process);
  ASSERT_TRUE(at_once);
  // What is worked out afresh may be missing for a while; nothing else appears.
  EXPECT_TRUE(before->selectors.Includes(at_once->selectors));
  const auto after = Settle(process);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->selectors, before->selectors);
  EXPECT_EQ(after->executable, before->executable);
}

TEST_P(AttestorContract, ForgettingIsSafeForTheDeadAndWhileOthersAsk) {
  auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  ASSERT_TRUE(Settle(process));
  std::thread forgetting([&] {
    for (int i = 0; i < 200; ++i) attestor_->Forget(PeerOf(process));
  });
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(Ask(process));
  forgetting.join();
  EXPECT_TRUE(Settle(process)->complete());
  child.KillAndReap();
  attestor_->Forget(PeerOf(process));
  EXPECT_EQ(Ask(process).error().code(), ErrorCode::kPeerGone);
}

TEST_P(AttestorContract, ReturnsByADeadlineThatIsShort) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  const auto process = Open(child);
  const auto begin = BootNow();
  [[maybe_unused]] const auto seen =
      attestor_->Attest(PeerOf(process), begin + std::chrono::milliseconds(1));
  // Of 1 ms, with much to spare for a loaded machine.
  EXPECT_LT(BootNow() - begin, std::chrono::milliseconds(500));
}

}  // namespace surety::testing
