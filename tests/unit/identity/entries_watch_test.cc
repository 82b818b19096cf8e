#include "agent/identity/entries_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>

#include "tests/unit/identity/scratch_folder.h"

namespace surety {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// Counts calls and lets a test wait for them.
class Calls {
 public:
  void Add() {
    const std::scoped_lock lock(mutex_);
    ++count_;
    called_.notify_all();
  }
  [[nodiscard]] int count() const {
    const std::scoped_lock lock(mutex_);
    return count_;
  }
  bool WaitForMoreThan(int seen, std::chrono::milliseconds within) {
    std::unique_lock lock(mutex_);
    return called_.wait_for(lock, within, [&] { return count_ > seen; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable called_;
  int count_ = 0;
};

class EntriesWatchTest : public testing::Test {
 protected:
  static constexpr WatchTimes kNoSweep{.quiet = 10ms, .at_latest = 50ms, .sweep = 1h};

  void Start(WatchTimes times = kNoSweep) {
    auto watch = EntriesWatch::Start(
        folder_.At("etc/entries.d"), [this] { calls_.Add(); }, times);
    ASSERT_TRUE(watch) << watch.error().Text();
    watch_ = *std::move(watch);
  }
  /// That `change` is told within the second that a change may take.
  template <typename Change>
  void ExpectTold(const std::string& what, Change change) {
    const int before = calls_.count();
    const auto begin = SteadyClock::now();
    change();
    EXPECT_TRUE(calls_.WaitForMoreThan(before, 10s)) << what;
    EXPECT_LT(SteadyClock::now() - begin, 1s) << what;
    Settle();
  }
  /// Waits until no call has come for longer than a call can be put off.
  void Settle() {
    for (int seen = calls_.count(); calls_.WaitForMoreThan(seen, 120ms); seen = calls_.count()) {
    }
  }
  template <typename Change>
  void ExpectNotTold(const std::string& what, Change change) {
    const int before = calls_.count();
    change();
    EXPECT_FALSE(calls_.WaitForMoreThan(before, 200ms)) << what;
  }

  ScratchFolder folder_;
  Calls calls_;
  std::unique_ptr<EntriesWatch> watch_;
};

TEST_F(EntriesWatchTest, TellsEveryChangeOfAnEntryFile) {
  folder_.MakeFolder("etc/entries.d");
  Start();
  ExpectTold("written", [&] { folder_.Write("etc/entries.d/a.toml", "x"); });
  ExpectTold("written again", [&] { folder_.Write("etc/entries.d/a.toml", "y"); });
  ExpectTold("replaced", [&] { folder_.Replace("etc/entries.d/a.toml", "z"); });
  ExpectTold("mode changed", [&] { ::chmod(folder_.At("etc/entries.d/a.toml").c_str(), 0600); });
  ExpectTold("renamed", [&] { folder_.Rename("etc/entries.d/a.toml", "etc/entries.d/b.toml"); });
  ExpectTold("moved out", [&] { folder_.Rename("etc/entries.d/b.toml", "b.toml"); });
  ExpectTold("moved in", [&] { folder_.Rename("b.toml", "etc/entries.d/b.toml"); });
  ExpectTold("removed", [&] { folder_.Remove("etc/entries.d/b.toml"); });
}

TEST_F(EntriesWatchTest, SaysNothingOfFilesThatAreNotRead) {
  folder_.MakeFolder("etc/entries.d");
  Start();
  ExpectNotTold("others", [&] {
    folder_.Write("etc/entries.d/.a.toml.swp", "x");
    folder_.Write("etc/entries.d/a.toml~", "x");
    folder_.Write("etc/other.toml", "x");
    folder_.MakeFolder("etc/other.d");
  });
}

TEST_F(EntriesWatchTest, TellsOfTheFolderBeingReplaced) {
  folder_.MakeFolder("etc/entries.d");
  folder_.MakeFolder("etc/next.d");
  Start();
  ExpectTold("moved away", [&] { folder_.Rename("etc/entries.d", "etc/old.d"); });
  ExpectTold("moved in", [&] { folder_.Rename("etc/next.d", "etc/entries.d"); });
  ExpectTold("file in the new one", [&] { folder_.Write("etc/entries.d/a.toml", "x"); });
  ExpectNotTold("file in the old one", [&] { folder_.Write("etc/old.d/a.toml", "x"); });
  ExpectTold("removed", [&] { folder_.Remove("etc/entries.d"); });
  ExpectTold("made anew", [&] { folder_.MakeFolder("etc/entries.d"); });
  ExpectTold("file in the newest", [&] { folder_.Write("etc/entries.d/a.toml", "x"); });
}

TEST_F(EntriesWatchTest, WaitsForAFolderThatIsNotThereYet) {
  Start();
  ExpectTold("made with its parent", [&] { folder_.MakeFolder("etc/entries.d"); });
  ExpectTold("file in it", [&] { folder_.Write("etc/entries.d/a.toml", "x"); });
  ExpectTold("parent moved away", [&] { folder_.Rename("etc", "old"); });
  ExpectTold("parent moved back", [&] { folder_.Rename("old", "etc"); });
  ExpectTold("file in it again", [&] { folder_.Write("etc/entries.d/b.toml", "x"); });
}

TEST_F(EntriesWatchTest, TellsOfALinkToTheFolderThatChanges) {
  folder_.MakeFolder("etc");
  folder_.MakeFolder("v1");
  folder_.MakeFolder("v2");
  std::filesystem::create_symlink(folder_.At("v1"), folder_.At("etc/entries.d"));
  Start();
  ExpectTold("link replaced", [&] {
    std::filesystem::create_symlink(folder_.At("v2"), folder_.At("etc/next"));
    folder_.Rename("etc/next", "etc/entries.d");
  });
  ExpectTold("file behind the new link", [&] { folder_.Write("v2/a.toml", "x"); });
  ExpectNotTold("file behind the old link", [&] { folder_.Write("v1/a.toml", "x"); });
}

TEST_F(EntriesWatchTest, TellsManyChangesTogetherAndTheLastOneToo) {
  folder_.MakeFolder("etc/entries.d");
  Start();
  for (int i = 0; i < 500; ++i)
    folder_.Write("etc/entries.d/" + std::to_string(i % 50) + ".toml", std::to_string(i));
  ASSERT_TRUE(calls_.WaitForMoreThan(0, 10s));
  Settle();
  EXPECT_LT(calls_.count(), 50);
}

TEST_F(EntriesWatchTest, EndlessWritesDoNotPutItOff) {
  folder_.MakeFolder("etc/entries.d");
  Start({.quiet = 100ms, .at_latest = 200ms, .sweep = 1h});
  const auto end = SteadyClock::now() + 10s;
  while (calls_.count() == 0 && SteadyClock::now() < end)
    folder_.Write("etc/entries.d/a.toml", "x");
  EXPECT_GT(calls_.count(), 0);
}

TEST_F(EntriesWatchTest, SweepNoticesWhatIsBehindALink) {
  folder_.MakeFolder("etc/entries.d");
  folder_.Write("target.toml", "x");
  std::filesystem::create_symlink(folder_.At("target.toml"), folder_.At("etc/entries.d/a.toml"));
  Start({.quiet = 10ms, .at_latest = 50ms, .sweep = 60ms});
  ExpectNotTold("nothing", [] {});
  ExpectTold("target written", [&] { folder_.Write("target.toml", "longer"); });
  ExpectNotTold("nothing again", [] {});
}

TEST_F(EntriesWatchTest, EndsPromptlyAndCallsNobodyAfterwards) {
  folder_.MakeFolder("etc/entries.d");
  Start();
  folder_.Write("etc/entries.d/a.toml", "x");
  const auto begin = SteadyClock::now();
  watch_.reset();
  EXPECT_LT(SteadyClock::now() - begin, 1s);
  const int at_end = calls_.count();
  folder_.Write("etc/entries.d/a.toml", "y");
  EXPECT_FALSE(calls_.WaitForMoreThan(at_end, 200ms));
}

}  // namespace
}  // namespace surety
