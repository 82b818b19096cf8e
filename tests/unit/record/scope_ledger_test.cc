#include "agent/record/scope_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>

#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Scope ScopeOf(const std::string& path) {
  return {.selectors = {{"unix", "uid:1000"}, {"unix", "path:" + path}}};
}

class ScopeLedgerTest : public testing::Test {
 protected:
  ScopeLedgerTest() { Start("boot-1"); }

  /// As a daemon that is started again.
  void Start(const std::string& boot_id, std::size_t most = StoredScopeLedger::kMostPins) {
    ledger_.reset();
    database_.reset();
    auto database = StateDatabase::Open({.folder = folder_.state(), .boot_id = boot_id, .busy = {}},
                                        clock_.Now());
    ASSERT_TRUE(database) << database.error().Text();
    database_ = std::move(*database);
    auto ledger = StoredScopeLedger::Load(*database_, most);
    ASSERT_TRUE(ledger) << ledger.error().Text();
    ledger_ = std::move(*ledger);
  }
  bool Pin(pid_t pid, const Scope& scope) {
    const auto pinned = ledger_->Pin(processes_.Start(pid), scope);
    EXPECT_TRUE(pinned) << pinned.error().Text();
    return pinned && *pinned;
  }
  std::optional<Scope> Find(pid_t pid, std::uint64_t start = 7) const {
    const auto scope = ledger_->Find({pid, start});
    return scope ? std::optional(*scope) : std::nullopt;
  }
  void StoreMarks() {
    Saver* const saver = &ledger_->saver();
    ASSERT_TRUE(database_->StoreNow(std::span(&saver, 1)));
  }

  ScratchFolder folder_;
  TestClock clock_;
  TestProcesses processes_;
  std::unique_ptr<StateDatabase> database_;
  std::unique_ptr<StoredScopeLedger> ledger_;
};

TEST_F(ScopeLedgerTest, KeepsTheFirstScope) {
  EXPECT_EQ(Find(10), std::nullopt);
  EXPECT_TRUE(Pin(10, ScopeOf("/a")));
  EXPECT_EQ(Find(10), ScopeOf("/a"));
  EXPECT_TRUE(Pin(10, ScopeOf("/a"))) << "the same scope is no other";
  EXPECT_FALSE(Pin(10, ScopeOf("/b")));
  EXPECT_EQ(Find(10), ScopeOf("/a"));
}

TEST_F(ScopeLedgerTest, TellsProcessesOfOnePidApart) {
  EXPECT_TRUE(*ledger_->Pin(processes_.Start(10, 7), ScopeOf("/a")));
  EXPECT_TRUE(*ledger_->Pin(processes_.Start(10, 8), ScopeOf("/b")));
  EXPECT_EQ(Find(10), ScopeOf("/a"));
  EXPECT_EQ(Find(10, 8), ScopeOf("/b"));
}

TEST_F(ScopeLedgerTest, OutlivesTheDaemon) {
  Pin(10, ScopeOf("/a"));
  Start("boot-1");
  EXPECT_EQ(Find(10), ScopeOf("/a"));
  EXPECT_FALSE(Pin(10, ScopeOf("/b")));
}

TEST_F(ScopeLedgerTest, DoesNotOutliveTheMachinesRun) {
  Pin(10, ScopeOf("/a"));
  Start("boot-2");
  EXPECT_EQ(Find(10), std::nullopt);
  Start("boot-1");
  EXPECT_EQ(Find(10), std::nullopt) << "it is purged, not hidden";
}

TEST_F(ScopeLedgerTest, GoesWithItsProcess) {
  Pin(10, ScopeOf("/a"));
  ledger_->Forget({10, 7});
  EXPECT_EQ(Find(10), std::nullopt);
  Start("boot-1");
  EXPECT_EQ(Find(10), std::nullopt);
}

TEST_F(ScopeLedgerTest, OfOneProcessIsPinnedOnceAmongThreads) {
  constexpr int kThreads = 8;
  const Peer peer = processes_.Start(10);
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      const auto pinned = ledger_->Pin(peer, ScopeOf("/" + std::to_string(i)));
      ASSERT_TRUE(pinned);
      if (*pinned) ++won;
      EXPECT_TRUE(Find(10).has_value());
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
}

TEST_F(ScopeLedgerTest, SharesTransactionsInABurst) {
  constexpr pid_t kThreads = 8;
  constexpr pid_t kEach = 50;
  std::vector<std::thread> threads;
  for (pid_t thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (pid_t i = 0; i < kEach; ++i) {
        const pid_t pid = 1000 + thread * kEach + i;
        EXPECT_TRUE(Pin(pid, ScopeOf("/" + std::to_string(pid))));
      }
    });
  for (auto& thread : threads) thread.join();
  Start("boot-1");
  for (pid_t pid = 1000; pid < 1000 + kThreads * kEach; ++pid)
    EXPECT_EQ(Find(pid), ScopeOf("/" + std::to_string(pid)));
}

TEST_F(ScopeLedgerTest, PinsNothingThatItCannotStore) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(folder_.At("state.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const Peer peer = processes_.Start(10);
  const auto pinned = ledger_->Pin(peer, ScopeOf("/a"));
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Find(10), std::nullopt);

  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE(*ledger_->Pin(peer, ScopeOf("/b")));
  Start("boot-1");
  EXPECT_EQ(Find(10), ScopeOf("/b"));
}

TEST_F(ScopeLedgerTest, IsBounded) {
  Start("boot-1", 2);
  EXPECT_TRUE(Pin(10, ScopeOf("/a")));
  EXPECT_TRUE(Pin(11, ScopeOf("/a")));
  const auto third = ledger_->Pin(processes_.Start(12), ScopeOf("/a"));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), ErrorCode::kResourceExhausted);
  ledger_->Forget({10, 7});
  EXPECT_TRUE(Pin(12, ScopeOf("/a")));
}

TEST_F(ScopeLedgerTest, IsPinnedAfreshOnceReopened) {
  Pin(10, ScopeOf("/a"));
  const std::vector<ProcessKey> reopened{{10, 7}, {99, 7}};
  ledger_->Reopen(reopened);
  StoreMarks();
  EXPECT_EQ(Find(10), std::nullopt);
  EXPECT_TRUE(Pin(10, ScopeOf("/b")));
  Start("boot-1");
  EXPECT_EQ(Find(10), ScopeOf("/b"));
}

TEST_F(ScopeLedgerTest, PinnedAfreshIsNotDroppedByTheLateDeletionOfTheOldOne) {
  Pin(10, ScopeOf("/a"));
  ledger_->Forget({10, 7});  // Stored within a second.
  EXPECT_TRUE(Pin(10, ScopeOf("/b")));
  ASSERT_TRUE(database_->StoreAll());
  Start("boot-1");
  EXPECT_EQ(Find(10), ScopeOf("/b"));
}

TEST_F(ScopeLedgerTest, OfAProcessThatJumpedIsNotReopened) {
  Pin(10, ScopeOf("/a"));
  EXPECT_TRUE(ledger_->MarkJumped({10, 7}));
  EXPECT_FALSE(ledger_->MarkJumped({10, 7})) << "noted already";
  EXPECT_FALSE(ledger_->MarkJumped({11, 7})) << "has no scope";
  StoreMarks();
  const std::vector<ProcessKey> reopened{{10, 7}};
  ledger_->Reopen(reopened);
  EXPECT_EQ(Find(10), ScopeOf("/a"));

  Start("boot-1");
  ledger_->Reopen(reopened);
  EXPECT_EQ(Find(10), ScopeOf("/a")) << "the daemon was started again";
  ledger_->Forget({10, 7});
  EXPECT_EQ(Find(10), std::nullopt) << "its exit ends it";
}

TEST_F(ScopeLedgerTest, ListsWhoHasAScope) {
  Pin(10, ScopeOf("/a"));
  Pin(11, ScopeOf("/a"));
  EXPECT_THAT(ledger_->Processes(), UnorderedElementsAre(ProcessKey{10, 7}, ProcessKey{11, 7}));
}

TEST_F(ScopeLedgerTest, IsNotLoadedFromDamagedRows) {
  Pin(10, ScopeOf("/a"));
  ledger_.reset();
  database_.reset();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(folder_.At("state.db").c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "UPDATE pins SET scope = '7:unix'", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  auto database =
      StateDatabase::Open({.folder = folder_.state(), .boot_id = "boot-1"}, clock_.Now());
  ASSERT_TRUE(database);
  const auto ledger = StoredScopeLedger::Load(**database);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(ledger.error().Text(), HasSubstr("pinned scopes"));
}

}  // namespace
}  // namespace surety
