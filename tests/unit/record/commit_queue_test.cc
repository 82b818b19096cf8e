// One transaction for many writers, and the background that stores later.

#include "agent/record/commit_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <set>

#include "agent/record/background_saver.h"
#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A database with one table: lines (text TEXT UNIQUE).
class Lines {
 public:
  Lines() {
    std::ofstream(folder_.path() + "/lines.db");
    auto opened = SqliteConnection::Open(folder_.path() + "/lines.db", milliseconds(0));
    EXPECT_TRUE(opened) << opened.error().Text();
    EXPECT_TRUE(opened->Script("PRAGMA journal_mode = WAL; CREATE TABLE lines (text UNIQUE)"));
    queue_.emplace(std::move(*opened));
  }
  CommitQueue& queue() { return *queue_; }
  std::vector<std::string> All() {
    std::vector<std::string> lines;
    EXPECT_TRUE(queue_->Alone([&](SqliteConnection& database) {
      return database.Each("SELECT text FROM lines ORDER BY text", {},
                           [&](const SqliteRow& row) { lines.push_back(row.Text(0)); });
    }));
    return lines;
  }

 private:
  ScratchFolder folder_;
  std::optional<CommitQueue> queue_;
};

class AddLine final : public Change {
 public:
  explicit AddLine(std::string text) : text_(std::move(text)) {}
  Result<void> Write(SqliteConnection& database) override {
    ++writes;
    if (before) before();
    return database.Run("INSERT INTO lines VALUES (?1)", {text_});
  }
  void Settled(bool committed) override { committed ? ++commits : ++undone; }

  std::function<void()> before;
  int writes = 0;
  int commits = 0;
  int undone = 0;

 private:
  const std::string text_;
};

Result<void> Commit(CommitQueue& queue, Change& change) {
  Change* const one = &change;
  return queue.Commit(std::span(&one, 1), Durability::kProcess);
}

TEST(CommitQueue, StoresOneChange) {
  Lines lines;
  AddLine one("one");
  EXPECT_TRUE(Commit(lines.queue(), one));
  EXPECT_THAT(lines.All(), ElementsAre("one"));
  EXPECT_EQ(one.commits, 1);
}

TEST(CommitQueue, StoresSeveralChangesOrNone) {
  Lines lines;
  AddLine one("one");
  AddLine two("two");
  AddLine again("one");
  const std::array<Change*, 3> all{&one, &two, &again};
  EXPECT_FALSE(lines.queue().Commit(all, Durability::kPower));
  EXPECT_THAT(lines.All(), ElementsAre());
  EXPECT_EQ(two.undone, 1);
  EXPECT_EQ(two.commits, 0);
}

TEST(CommitQueue, SharesATransactionAmongThoseWhoComeMeanwhile) {
  Lines lines;
  // The first holds the connection until all others wait for it.
  AddLine first("first");
  first.before = [&] { EXPECT_TRUE(Eventually([&] { return lines.queue().waiting() == 9; })); };
  std::vector<std::unique_ptr<AddLine>> others;
  for (int i = 0; i < 8; ++i) others.push_back(std::make_unique<AddLine>(std::to_string(i)));
  std::thread leader([&] { EXPECT_TRUE(Commit(lines.queue(), first)); });
  EXPECT_TRUE(Eventually([&] { return lines.queue().waiting() == 1; })) << "it is the first";
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::thread::id> writers;
  for (auto& other : others) {
    other->before = [&] {
      const std::lock_guard lock(mutex);
      writers.insert(std::this_thread::get_id());
    };
    threads.emplace_back(
        [&, change = other.get()] { EXPECT_TRUE(Commit(lines.queue(), *change)); });
  }
  leader.join();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lines.All().size(), 9U);
  // Who was first of them in the queue wrote for all of them.
  EXPECT_EQ(writers.size(), 1U);
}

TEST(CommitQueue, LetsOneFaultyChangeFailAlone) {
  Lines lines;
  AddLine there("there");
  ASSERT_TRUE(Commit(lines.queue(), there));
  AddLine first("first");
  first.before = [&] { EXPECT_TRUE(Eventually([&] { return lines.queue().waiting() == 4; })); };
  AddLine good("good");
  AddLine faulty("there");
  AddLine fine("fine");
  std::thread leader([&] { EXPECT_TRUE(Commit(lines.queue(), first)); });
  EXPECT_TRUE(Eventually([&] { return lines.queue().waiting() == 1; })) << "it is the first";
  std::vector<std::thread> threads;
  for (AddLine* change : {&good, &faulty, &fine})
    threads.emplace_back(
        [&, change] { EXPECT_EQ(Commit(lines.queue(), *change).has_value(), change != &faulty); });
  leader.join();
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(lines.All(), ElementsAre("fine", "first", "good", "there"));
}

TEST(CommitQueue, LosesNothingAmongManyThreads) {
  Lines lines;
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&lines, thread] {
      for (int i = 0; i < kEach; ++i) {
        AddLine line(std::to_string(thread) + "." + std::to_string(i));
        EXPECT_TRUE(Commit(lines.queue(), line));
        EXPECT_EQ(line.commits, 1);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lines.All().size(), static_cast<std::size_t>(kThreads * kEach));
}

/// A saver of lines that can be told to fail.
class SavedLines final : public Saver {
 public:
  void Add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    pending_.push_back(text);
  }
  Result<void> Write(SqliteConnection& database) override {
    if (while_writing) while_writing();
    if (broken) return Error(ErrorCode::kResourceExhausted, "no space left");
    const std::lock_guard lock(mutex_);
    for (const std::string& text : pending_)
      if (auto written = database.Run("INSERT OR REPLACE INTO lines VALUES (?1)", {text}); !written)
        return written;
    return {};
  }
  void Settled(bool committed) override {
    const std::lock_guard lock(mutex_);
    if (committed) pending_.clear();
  }
  void Attempted() override { ++attempts; }
  [[nodiscard]] std::string_view what() const override { return "lines"; }
  [[nodiscard]] Durability durability() const override { return Durability::kProcess; }

  std::atomic<bool> broken = false;
  std::atomic<int> attempts = 0;
  std::function<void()> while_writing;

 private:
  std::mutex mutex_;
  std::vector<std::string> pending_;
};

TEST(BackgroundSaver, StoresWhatWasAskedFor) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  saver.Add("one");
  background.Request(saver, milliseconds(1));
  EXPECT_TRUE(Eventually([&] { return lines.All().size() == 1; }));
  background.Leave(saver);
}

TEST(BackgroundSaver, StoresABurstAtOnce) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  for (int i = 0; i < 500; ++i) {
    saver.Add(std::to_string(i));
    background.Request(saver, milliseconds(100));
  }
  EXPECT_TRUE(Eventually([&] { return lines.All().size() == 500; }));
  EXPECT_LE(saver.attempts, 2);
  background.Leave(saver);
}

TEST(BackgroundSaver, TriesAgainUntilTheDiskHasRoomAndSaysSo) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  saver.broken = true;
  saver.Add("one");
  background.Request(saver, milliseconds(0));
  EXPECT_TRUE(Eventually([&] { return saver.attempts >= 2; }));
  EXPECT_THAT(background.Degraded(), HasSubstr("not stored yet: lines (no space left)"));
  saver.broken = false;
  EXPECT_TRUE(Eventually([&] { return lines.All().size() == 1; }));
  EXPECT_TRUE(Eventually([&] { return background.Degraded().empty(); }));
  background.Leave(saver);
}

TEST(BackgroundSaver, TriesAgainWhatCouldNotBeStoredAtOnce) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  saver.broken = true;
  saver.Add("one");
  Saver* const one = &saver;
  const auto stored = background.Store(std::span(&one, 1));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(background.Degraded(), HasSubstr("lines"));
  saver.broken = false;
  EXPECT_TRUE(Eventually([&] { return lines.All().size() == 1 && background.Degraded().empty(); }));
  background.Leave(saver);
}

TEST(BackgroundSaver, DoesNotMissWhatIsAskedForWhileItWrites) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  std::atomic<bool> once = false;
  // After the pending lines were taken, as far as the background can tell.
  saver.while_writing = [&] {
    if (once.exchange(true)) return;
    background.Request(saver, milliseconds(0));
  };
  saver.Add("one");
  background.Request(saver, milliseconds(0));
  EXPECT_TRUE(Eventually([&] { return saver.attempts == 2; }));
  background.Leave(saver);
}

TEST(BackgroundSaver, DoesNotMissWhatIsAskedForWhileItFails) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines saver;
  saver.broken = true;
  // During the second attempt, and once.
  std::atomic<bool> once = false;
  saver.while_writing = [&] {
    if (saver.attempts == 0 || once.exchange(true)) return;
    saver.broken = false;
    background.Request(saver, milliseconds(0));
  };
  background.Request(saver, milliseconds(0));
  EXPECT_TRUE(Eventually([&] { return saver.attempts >= 3; })) << "the request was forgotten";
  background.Leave(saver);
}

TEST(BackgroundSaver, StoresALastTimeForWhoLeaves) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  {
    SavedLines saver;
    saver.Add("late");
    background.Request(saver, minutes(5));
    background.Leave(saver);
  }
  EXPECT_THAT(lines.All(), ElementsAre("late"));
}

TEST(BackgroundSaver, StoresEverythingWhenTold) {
  Lines lines;
  BackgroundSaver background(lines.queue(), [] {});
  SavedLines one;
  SavedLines two;
  one.Add("one");
  two.Add("two");
  background.Request(one, minutes(5));
  background.Request(two, minutes(5));
  EXPECT_TRUE(background.StoreAll());
  EXPECT_THAT(lines.All(), ElementsAre("one", "two"));
  background.Leave(one);
  background.Leave(two);
}

TEST(BackgroundSaver, KeepsHouse) {
  Lines lines;
  std::atomic<int> calls = 0;
  const BackgroundSaver background(lines.queue(), [&] { ++calls; });
  EXPECT_TRUE(Eventually([&] { return calls >= 2; }));
}

}  // namespace
}  // namespace surety
