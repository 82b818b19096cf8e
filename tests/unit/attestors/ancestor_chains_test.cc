#include "attestors/ancestor_chains.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/fakes/fake_opener.h"

namespace surety {
namespace {

constexpr std::size_t kMost = 64;
constexpr pid_t kDaemon = 50;

struct Facts {
  pid_t parent = 1;
  std::uint64_t start = 0;
  uid_t uid = 1001;
  pid_t session = 1;
};

class AncestorChainsTest : public ::testing::Test {
 protected:
  AncestorChainsTest() { Put(kDaemon, {.parent = 1, .start = 10, .uid = 0}); }

  // A process of these facts, under this pid from now on.
  std::shared_ptr<FakeProcess> Put(pid_t pid, const Facts& facts) {
    auto process = std::make_shared<FakeProcess>(ProcessKey{pid, facts.start});
    Set(*process, facts);
    opener_->Put(pid, std::shared_ptr<const ProcessHandle>(process));
    return process;
  }
  static void Set(FakeProcess& process, const Facts& facts) {
    std::string stat = std::to_string(process.key().pid) + " (p" +
                       std::to_string(process.key().pid) + ") S " + std::to_string(facts.parent) +
                       " 0 " + std::to_string(facts.session);
    for (int field = 7; field < 22; ++field) stat += " 0";
    process.SetFile("stat", stat + " " + std::to_string(facts.start) + " 0\n");
    const std::string uid = std::to_string(facts.uid);
    process.SetFile("status", "TracerPid:\t0\nUid:\t" + uid + "\t" + uid +
                                  "\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0\n"
                                  "NoNewPrivs:\t0\n");
  }
  std::vector<pid_t> PidsOf(const FakeProcess& process, std::size_t most = kMost) {
    AncestorChains chains(opener_, kDaemon);
    const auto chain = chains.Read(process, most);
    if (!chain) return {};
    std::vector<pid_t> pids;
    for (const auto& link : (*chain)->links) pids.push_back(link.key.pid);
    whole_ = (*chain)->whole;
    return pids;
  }
  using Pids = std::vector<pid_t>;
  const std::shared_ptr<FakeOpener> opener_ = std::make_shared<FakeOpener>();
  bool whole_ = false;
};

TEST_F(AncestorChainsTest, ClimbsToBelowTheFirstProcessOfAll) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 101, .start = 30});
  Put(101, {.parent = 1, .start = 20});
  EXPECT_EQ(PidsOf(*process), (Pids{103, 102, 101}));
  EXPECT_TRUE(whole_);
}

TEST_F(AncestorChainsTest, LinkHoldsWhatWasRead) {
  const auto process = Put(103, {.parent = 102, .start = 30, .uid = 7, .session = 99});
  process->SetFile("sessionid", std::string("12"));
  Put(102, {.parent = 0, .start = 20, .uid = 0, .session = 98});
  AncestorChains chains(opener_, kDaemon);
  const auto chain = chains.Read(*process, kMost);
  ASSERT_TRUE(chain);
  EXPECT_EQ((*chain)->links, (std::vector<Link>{{{103, 30}, 102, 99, 7, 12U, "p103"},
                                                {{102, 20}, 0, 98, 0, std::nullopt, "p102"}}));
}

TEST_F(AncestorChainsTest, EndsBelowTheDaemonAndWhatIsAboveIt) {
  Put(kDaemon, {.parent = 40, .start = 10, .uid = 0});
  Put(40, {.parent = 1, .start = 5, .uid = 0});
  EXPECT_EQ(PidsOf(*Put(103, {.parent = kDaemon, .start = 30})), (Pids{103}));
  EXPECT_EQ(PidsOf(*Put(104, {.parent = 40, .start = 30})), (Pids{104}));
  EXPECT_TRUE(whole_);
}

TEST_F(AncestorChainsTest, EndsAtWhatCannotBeSeen) {
  opener_->Put(102, Error(ErrorCode::kUnavailable, "outside of this pid namespace"));
  EXPECT_EQ(PidsOf(*Put(103, {.parent = 102, .start = 30})), (Pids{103}));
  EXPECT_TRUE(whole_);
}

TEST_F(AncestorChainsTest, IsCutAtTheLengthAskedFor) {
  for (pid_t pid = 101; pid < 120; ++pid) Put(pid, {.parent = pid - 1, .start = 20});
  Put(100, {.parent = 1, .start = 20});
  const auto process = Put(120, {.parent = 119, .start = 20});
  EXPECT_EQ(PidsOf(*process, 3), (Pids{120, 119, 118}));
  EXPECT_FALSE(whole_);
}

TEST_F(AncestorChainsTest, LongerChainIsReadWhenAskedForLater) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 101, .start = 30});
  Put(101, {.parent = 1, .start = 20});
  AncestorChains chains(opener_, kDaemon);
  EXPECT_EQ((*chains.Read(*process, 2))->links.size(), 2U);
  EXPECT_EQ((*chains.Read(*process, kMost))->links.size(), 3U);
}

// The parent exits, its pid goes to a stranger, and the child gets another parent.
TEST_F(AncestorChainsTest, ReusedPidIsNotFollowed) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 77, .start = 20});
  Put(77, {.parent = 1, .start = 5});
  const auto stranger = Put(102, {.parent = 77, .start = 40});
  stranger->AfterRead([&](std::string_view) { Set(*process, {.parent = 1, .start = 30}); });
  EXPECT_EQ(PidsOf(*process), (Pids{103}));
  stranger->AfterRead({});
}

TEST_F(AncestorChainsTest, ParentThatIsYoungerIsNone) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 1, .start = 31});
  AncestorChains chains(opener_, kDaemon);
  EXPECT_EQ(chains.Read(*process, kMost).error().code(), ErrorCode::kUnavailable);
}

TEST_F(AncestorChainsTest, ParentThatExitsMeanwhileIsReplacedByTheNewOne) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  const auto parent = Put(102, {.parent = 101, .start = 20});
  Put(101, {.parent = 1, .start = 10});
  parent->AfterRead([&](std::string_view) {
    parent->Exit();
    Set(*process, {.parent = 101, .start = 30});
  });
  EXPECT_EQ(PidsOf(*process), (Pids{103, 101}));
  parent->AfterRead({});
}

TEST_F(AncestorChainsTest, GrandparentThatExitsMeanwhileIsReplacedToo) {
  const auto process = Put(104, {.parent = 103, .start = 30});
  const auto parent = Put(103, {.parent = 102, .start = 30});
  const auto grandparent = Put(102, {.parent = 101, .start = 20});
  Put(101, {.parent = 1, .start = 10});
  grandparent->AfterRead([&](std::string_view) {
    grandparent->Exit();
    Set(*parent, {.parent = 101, .start = 30});
  });
  EXPECT_EQ(PidsOf(*process), (Pids{104, 103, 101}));
  grandparent->AfterRead({});
}

TEST_F(AncestorChainsTest, ProcessThatExitsIsPeerGone) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 1, .start = 20})->Exit();
  process->AfterRead([&](std::string_view) { process->Exit(); });
  AncestorChains chains(opener_, kDaemon);
  EXPECT_EQ(chains.Read(*process, kMost).error().code(), ErrorCode::kPeerGone);
  process->AfterRead({});
}

TEST_F(AncestorChainsTest, LackOfDescriptorsIsCouldNotTell) {
  opener_->Put(102, Error(ErrorCode::kResourceExhausted, "no descriptors"));
  AncestorChains chains(opener_, kDaemon);
  EXPECT_EQ(chains.Read(*Put(103, {.parent = 102, .start = 30}), kMost).error().code(),
            ErrorCode::kResourceExhausted);
}

TEST_F(AncestorChainsTest, WithoutOurOwnAncestorsNothingIsTold) {
  opener_->Put(kDaemon, Error(ErrorCode::kResourceExhausted, "no descriptors"));
  AncestorChains chains(opener_, kDaemon);
  const auto process = Put(103, {.parent = kDaemon, .start = 30});
  EXPECT_EQ(chains.Read(*process, kMost).error().code(), ErrorCode::kResourceExhausted);
  Put(kDaemon, {.parent = 1, .start = 10, .uid = 0});
  EXPECT_EQ((*chains.Read(*process, kMost))->links.size(), 1U);
}

TEST_F(AncestorChainsTest, FailedReadIsCouldNotTell) {
  const auto process = Put(103, {.parent = 102, .start = 30});
  Put(102, {.parent = 1, .start = 20})->SetFile("stat", std::string("nonsense"));
  AncestorChains chains(opener_, kDaemon);
  EXPECT_EQ(chains.Read(*process, kMost).error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace surety
