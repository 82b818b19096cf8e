#include "agent/identity/entry_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "agent/identity/entries_folder.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/identity/diagnostic_cases.h"
#include "tests/unit/identity/scratch_folder.h"

namespace surety {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

std::string EntryText(const std::string& name, int uid) {
  return "[[entry]]\nspiffe_id = \"spiffe://example.org/" + name +
         "\"\nselectors = [\"unix:uid:" + std::to_string(uid) + "\"]\n";
}

class EntryStoreTest : public testing::Test {
 protected:
  EntryStoreTest() { folder_.MakeFolder("entries.d"); }

  void Write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    folder_.Write("entries.d/" + name, text, mode);
  }
  std::string PathOf(const std::string& name) { return folder_.At("entries.d/" + name); }
  std::vector<std::shared_ptr<const Entry>> MatchUid(int uid) {
    return store_.Match({Selector{"unix", "uid:" + std::to_string(uid)}});
  }

  ScratchFolder folder_;
  FakeClock clock_{kNow};
  FolderEntryStore store_{folder_.At("entries.d"),
                          {.trust_domain = *TrustDomain::Parse("example.org"),
                           .default_ttl = Seconds(900),
                           .ca_ttl = Seconds(86'400),
                           .known_selectors = {"unix"}},
                          clock_};
};

TEST_F(EntryStoreTest, MatchesNobodyBeforeTheFirstLoad) {
  Write("a.toml", EntryText("a", 1));
  EXPECT_THAT(MatchUid(1), SizeIs(0));
  EXPECT_EQ(store_.Status().loaded_at, std::nullopt);
}

TEST_F(EntryStoreTest, LoadsEveryFileOfTheFolder) {
  Write("a.toml", EntryText("a", 1));
  Write("b.toml", EntryText("b", 1) + EntryText("c", 2));
  const EntryLoad load = store_.Load();
  EXPECT_TRUE(load.ok()) << AllOf(load.diagnostics);
  EXPECT_TRUE(load.changed);
  EXPECT_EQ(load.count, 3U);
  EXPECT_THAT(MatchUid(1), SizeIs(2));
  EXPECT_THAT(store_.All(), SizeIs(3));
  const EntryStoreStatus status = store_.Status();
  EXPECT_EQ(status.count, 3U);
  EXPECT_EQ(status.loaded_at, kNow);
  EXPECT_EQ(status.folder, folder_.At("entries.d"));
  EXPECT_EQ(status.last_error, "");
}

TEST_F(EntryStoreTest, ReadsTomlFilesAloneAndNoneThatAnEditorLeft) {
  Write("a.toml", EntryText("a", 1));
  for (const std::string name : {".b.toml", ".#b.toml", "#b.toml#", "#b.toml", "b.toml~",
                                 "b.toml.bak", ".b.toml.swp", "b.txt", "4913"})
    Write(name, EntryText("b", 1));
  EXPECT_EQ(store_.Load().count, 1U);
}

TEST_F(EntryStoreTest, KeepsTheLastGoodSetAsLongAsAnythingIsWrong) {
  Write("a.toml", EntryText("a", 1));
  Write("b.toml", EntryText("b", 1));
  ASSERT_TRUE(store_.Load().ok());
  const auto before = MatchUid(1);
  Write("a.toml", "[[entry]]\n");
  Write("c.toml", EntryText("c", 1));
  folder_.Remove("entries.d/b.toml");
  clock_.Advance(Seconds(60));
  const EntryLoad load = store_.Load();
  EXPECT_FALSE(load.ok());
  EXPECT_FALSE(load.changed);
  EXPECT_EQ(load.count, 2U);
  EXPECT_EQ(MatchUid(1), before);
  EXPECT_EQ(store_.Status().loaded_at, kNow);
  EXPECT_THAT(store_.Status().last_error, HasSubstr(PathOf("a.toml") + ":1:1: the entry has no"));
  EXPECT_THAT(store_.Status().last_error, HasSubstr("and 1 more error"));

  Write("a.toml", "");
  EXPECT_TRUE(store_.Load().ok());
  EXPECT_EQ(store_.Status().last_error, "");
  EXPECT_THAT(MatchUid(1), SizeIs(1));
}

TEST_F(EntryStoreTest, UnchangedEntriesStayTheSameObjects) {
  Write("a.toml", EntryText("a", 1));
  Write("b.toml", EntryText("b", 2));
  ASSERT_TRUE(store_.Load().ok());
  const auto a = MatchUid(1);
  const auto b = MatchUid(2);
  EXPECT_FALSE(store_.Load().changed);
  EXPECT_EQ(MatchUid(1), a);

  Write("b.toml", EntryText("b", 2) + "priority = 1\n");
  EXPECT_TRUE(store_.Load().changed);
  EXPECT_EQ(MatchUid(1), a);
  EXPECT_NE(MatchUid(2), b);
  EXPECT_EQ(b.front()->priority, 0) << "a set that was handed out stays as it was";
}

TEST_F(EntryStoreTest, OtherPinsAndRevokeOnExitAreAChange) {
  for (const std::string line :
       {"pins = [\"unix:uid\"]\n", "pins = [\"unix:path\", \"unix:uid\"]\n",
        "revoke_on_exit = false\n", ""}) {
    Write("b.toml", EntryText("b", 2));
    Write("a.toml", EntryText("a", 1));
    ASSERT_TRUE(store_.Load().ok());
    const auto before = MatchUid(1);
    const auto other = MatchUid(2);
    Write("a.toml", EntryText("a", 1) + line);
    EXPECT_EQ(store_.Load().changed, !line.empty()) << line;
    EXPECT_EQ(MatchUid(1) != before, !line.empty()) << line;
    EXPECT_EQ(MatchUid(2), other) << line;
  }
}

TEST_F(EntryStoreTest, OrderOfPinsIsNoChange) {
  Write("a.toml", EntryText("a", 1) + "pins = [\"unix:uid\", \"unix:path\"]\n");
  ASSERT_TRUE(store_.Load().ok());
  Write("a.toml", EntryText("a", 1) + "pins = [\"unix:path\", \"unix:uid\"]\n");
  EXPECT_FALSE(store_.Load().changed);
}

TEST_F(EntryStoreTest, EntryThatMovesToAnotherFileIsStillTheSame) {
  Write("a.toml", EntryText("a", 1));
  ASSERT_TRUE(store_.Load().ok());
  const auto before = MatchUid(1);
  folder_.Rename("entries.d/a.toml", "entries.d/z.toml");
  EXPECT_FALSE(store_.Load().changed);
  EXPECT_EQ(MatchUid(1), before);
}

TEST_F(EntryStoreTest, RemovedAndAddedEntriesAreAChange) {
  Write("a.toml", EntryText("a", 1));
  ASSERT_TRUE(store_.Load().ok());
  folder_.Remove("entries.d/a.toml");
  EXPECT_TRUE(store_.Load().changed);
  EXPECT_THAT(MatchUid(1), SizeIs(0));
  Write("b.toml", EntryText("b", 1));
  EXPECT_TRUE(store_.Load().changed);
  EXPECT_THAT(MatchUid(1), SizeIs(1));
}

TEST_F(EntryStoreTest, DuplicatesAreFoundAcrossFiles) {
  Write("a.toml", EntryText("a", 1) + "hint = \"h\"\n");
  Write("b.toml", EntryText("a", 2) + "hint = \"h\"\n");
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(2));
  EXPECT_EQ(PlaceOf(load.diagnostics.items()[0]), PathOf("b.toml") + ":2:13");
  EXPECT_THAT(load.diagnostics.items()[0].what, HasSubstr(PathOf("a.toml") + ":2:13"));
  EXPECT_EQ(PlaceOf(load.diagnostics.items()[1]), PathOf("b.toml") + ":4:8");
}

// What may be trusted.

TEST_F(EntryStoreTest, RefusesAFileThatOthersMayWrite) {
  for (const mode_t mode : {0664U, 0646U, 0777U}) {
    Write("a.toml", EntryText("a", 1), mode);
    const EntryLoad load = store_.Load();
    ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
    EXPECT_EQ(load.diagnostics.items()[0].file, PathOf("a.toml"));
    EXPECT_THAT(load.diagnostics.items()[0].what, HasSubstr("can be written by"));
    EXPECT_EQ(load.diagnostics.items()[0].fix, "chmod go-w " + PathOf("a.toml"));
  }
}

TEST_F(EntryStoreTest, RefusesAFolderThatOthersMayWrite) {
  ::chmod(folder_.At("entries.d").c_str(), 01777);
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_THAT(load.diagnostics.items()[0].what,
              HasSubstr("the folder can be written by its group or by everyone (mode 1777)"));
}

TEST_F(EntryStoreTest, RefusesAFileOfAnotherUser) {
  Write("a.toml", EntryText("a", 1));
  const uid_t other = ::geteuid() + 12'345;
  const int failed = ::chown(PathOf("a.toml").c_str(), other, static_cast<gid_t>(-1));
  const EntryLoad load = store_.Load();
  if (failed != 0) {
    EXPECT_TRUE(load.ok()) << "not root: the file is still ours";
    return;
  }
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_THAT(load.diagnostics.items()[0].what,
              HasSubstr("belongs to uid " + std::to_string(other)));
}

TEST_F(EntryStoreTest, FollowsALinkAndJudgesWhatItLeadsTo) {
  folder_.Write("elsewhere.toml", EntryText("a", 1));
  std::filesystem::create_symlink(folder_.At("elsewhere.toml"), PathOf("a.toml"));
  EXPECT_EQ(store_.Load().count, 1U);
  ::chmod(folder_.At("elsewhere.toml").c_str(), 0666);
  EXPECT_FALSE(store_.Load().ok());
}

TEST_F(EntryStoreTest, DanglingLinkIsAnError) {
  std::filesystem::create_symlink(folder_.At("nowhere"), PathOf("a.toml"));
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_THAT(load.diagnostics.items()[0].what, HasSubstr("cannot be opened: No such file"));
}

TEST_F(EntryStoreTest, IsNotHeldUpByAFifoOrADevice) {
  ASSERT_EQ(::mkfifo(PathOf("a.toml").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", PathOf("b.toml"));
  folder_.MakeFolder("entries.d/c.toml");
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(3));
  for (const auto& item : load.diagnostics.items())
    EXPECT_THAT(item.what, HasSubstr("is not a regular file"));
}

TEST_F(EntryStoreTest, MissingFolderIsAnErrorAndNotAnEmptySet) {
  Write("a.toml", EntryText("a", 1));
  ASSERT_TRUE(store_.Load().ok());
  folder_.Rename("entries.d", "gone");
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_EQ(load.diagnostics.items()[0].file, folder_.At("entries.d"));
  EXPECT_EQ(load.diagnostics.items()[0].fix, "create it, or correct the path");
  EXPECT_THAT(MatchUid(1), SizeIs(1));
}

TEST_F(EntryStoreTest, RefusesAFileThatIsTooLarge) {
  Write("a.toml", EntryText("a", 1) + "#" + std::string(kMaxEntryFileBytes, 'x'));
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_THAT(load.diagnostics.items()[0].what, HasSubstr("is larger than 4194304 bytes"));
}

TEST_F(EntryStoreTest, RefusesMoreThan1000Files) {
  for (std::size_t i = 0; i <= kMaxEntryFiles; ++i) Write(std::to_string(i) + ".toml", "");
  const EntryLoad load = store_.Load();
  ASSERT_THAT(load.diagnostics.items(), SizeIs(1));
  EXPECT_THAT(load.diagnostics.items()[0].what, HasSubstr("holds more than 1000 files"));
}

TEST_F(EntryStoreTest, MatchSeesWholeSetsWhileLoadsGoOn) {
  const std::string one = EntryText("a", 1) + EntryText("b", 1);
  Write("a.toml", one);
  ASSERT_TRUE(store_.Load().ok());
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> matchers;
  for (int i = 0; i < 3; ++i)
    matchers.emplace_back([&] {
      while (!stop) {
        const auto match = MatchUid(1);
        if (match.size() != 2 || match[0]->priority != match[1]->priority) ++wrong;
        if (store_.Status().count != 2) ++wrong;
      }
    });
  std::vector<std::thread> loaders;
  for (int i = 0; i < 2; ++i)
    loaders.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const std::string priority = "priority = " + std::to_string(2 * round + i) + "\n";
        const std::string scratch = "scratch-" + std::to_string(i);
        Write(scratch, EntryText("a", 1) + priority + EntryText("b", 1) + priority);
        folder_.Rename("entries.d/" + scratch, "entries.d/a.toml");
        (void)store_.Load();
      }
    });
  for (auto& thread : loaders) thread.join();
  stop = true;
  for (auto& thread : matchers) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace surety
