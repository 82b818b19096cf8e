// The database file on a real disk: who may have it, and what is wrong with it.

#include "agent/record/state_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Moment kNow{.boot = BootTime(Seconds(1000)), .wall = WallTime(Seconds(1'700'000'000))};

Result<std::unique_ptr<StateDatabase>> Open(const ScratchFolder& folder) {
  return StateDatabase::Open({.folder = folder.state(), .boot_id = "boot-1"}, kNow);
}

/// Closes again, or fails the test.
void MakeOne(const ScratchFolder& folder) {
  const auto database = Open(folder);
  ASSERT_TRUE(database) << database.error().Text();
}

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777;
}

/// Runs SQL on the file as a program of its own would.
void RunSql(const std::string& path, const std::string& sql) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(raw);
  sqlite3_close(raw);
}

void Overwrite(const std::string& path, std::streamoff at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file << bytes;
}

/// The error of opening, which must be one.
Error RefusalOf(const ScratchFolder& folder) {
  const auto database = Open(folder);
  EXPECT_FALSE(database);
  return database ? Error(ErrorCode::kInternal, "opened") : database.error();
}

TEST(StateDatabase, IsMadeForTheDaemonAlone) {
  const ScratchFolder folder;
  ::umask(0);
  const auto database = Open(folder);
  ASSERT_TRUE(database) << database.error().Text();
  EXPECT_EQ(ModeOf(folder.state()), 0700U);
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm", "state.lock"})
    EXPECT_EQ(ModeOf(folder.At(name)), 0600U) << name;
  EXPECT_THAT((*database)->notes(), testing::ElementsAre(HasSubstr("made a new state database")));
  EXPECT_EQ((*database)->Degraded(), "");
}

TEST(StateDatabase, OpensAgainWithoutAWord) {
  const ScratchFolder folder;
  MakeOne(folder);
  const auto database = Open(folder);
  ASSERT_TRUE(database) << database.error().Text();
  EXPECT_THAT((*database)->notes(), IsEmpty());
}

TEST(StateDatabase, IsHadByOneDaemonAtATime) {
  const ScratchFolder folder;
  const auto first = Open(folder);
  ASSERT_TRUE(first);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kAlreadyExists);
  EXPECT_THAT(error.Text(), HasSubstr("in use by another suretyd"));
}

TEST(StateDatabase, RefusesAFolderThatOthersMayEnter) {
  const ScratchFolder folder;
  MakeOne(folder);
  ASSERT_EQ(::chmod(folder.state().c_str(), 0750), 0);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.Text(), HasSubstr("chmod 0700 " + folder.state()));
}

TEST(StateDatabase, RefusesAFolderOfAnotherUser) {
  const ScratchFolder folder;
  MakeOne(folder);
  ASSERT_EQ(::chown(folder.state().c_str(), 12345, 0), 0) << "needs root";
  EXPECT_EQ(RefusalOf(folder).code(), ErrorCode::kPermissionDenied);
}

TEST(StateDatabase, RefusesASymbolicLinkAsFolder) {
  const ScratchFolder folder;
  const std::string real = folder.path() + "/elsewhere";
  ASSERT_EQ(::mkdir(real.c_str(), 0700), 0);
  ASSERT_EQ(::symlink(real.c_str(), folder.state().c_str()), 0);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.Text(), HasSubstr("symbolic link"));
}

class StateFile : public testing::TestWithParam<const char*> {};

TEST_P(StateFile, IsRefusedIfOthersMayReadIt) {
  const ScratchFolder folder;
  MakeOne(folder);
  if (!std::filesystem::exists(folder.At(GetParam()))) std::ofstream(folder.At(GetParam()));
  ASSERT_EQ(::chmod(folder.At(GetParam()).c_str(), 0640), 0);
  EXPECT_EQ(RefusalOf(folder).code(), ErrorCode::kPermissionDenied);
}

TEST_P(StateFile, IsRefusedIfItIsASymbolicLink) {
  const ScratchFolder folder;
  MakeOne(folder);
  std::filesystem::remove(folder.At(GetParam()));
  ASSERT_EQ(::symlink("/tmp/elsewhere", folder.At(GetParam()).c_str()), 0);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.Text(), HasSubstr(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, StateFile,
                         testing::Values("state.db", "state.db-wal", "state.db-shm", "state.lock"));

TEST(StateDatabase, TellsADamagedFileAndLeavesItAsItIs) {
  const ScratchFolder folder;
  MakeOne(folder);
  Overwrite(folder.At("state.db"), 4096, std::string(4096, '\x5a'));
  std::ifstream before(folder.At("state.db"), std::ios::binary);
  const std::string damaged(std::istreambuf_iterator<char>(before), {});

  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kDataLoss);
  EXPECT_THAT(error.Text(), HasSubstr(folder.At("state.db") + " is damaged"));
  EXPECT_THAT(error.Text(), HasSubstr("backup"));
  std::ifstream after(folder.At("state.db"), std::ios::binary);
  EXPECT_EQ(damaged, std::string(std::istreambuf_iterator<char>(after), {}));
}

TEST(StateDatabase, TellsAFileThatIsNoDatabase) {
  const ScratchFolder folder;
  MakeOne(folder);
  Overwrite(folder.At("state.db"), 0, "This was a database once.");
  EXPECT_EQ(RefusalOf(folder).code(), ErrorCode::kDataLoss);
}

TEST(StateDatabase, TellsATruncatedFile) {
  const ScratchFolder folder;
  MakeOne(folder);
  ASSERT_EQ(::truncate(folder.At("state.db").c_str(), 8192), 0);
  EXPECT_EQ(RefusalOf(folder).code(), ErrorCode::kDataLoss);
}

TEST(StateDatabase, TellsAnEmptyFileInsteadOfStartingAfresh) {
  const ScratchFolder folder;
  MakeOne(folder);
  ASSERT_EQ(::truncate(folder.At("state.db").c_str(), 0), 0);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kDataLoss);
  EXPECT_THAT(error.Text(), HasSubstr("it is empty"));
}

TEST(StateDatabase, TellsALogWhoseDatabaseIsGone) {
  const ScratchFolder folder;
  MakeOne(folder);
  std::filesystem::rename(folder.At("state.db"), folder.At("state.db-wal"));
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kDataLoss);
  EXPECT_THAT(error.Text(), HasSubstr("state.db-wal"));
}

TEST(StateDatabase, StartsAnewOverWhatAnInterruptedStartHasLeft) {
  const ScratchFolder folder;
  ASSERT_EQ(::mkdir(folder.state().c_str(), 0700), 0);
  std::ofstream(folder.At("state.db.new")) << "half";
  MakeOne(folder);
  EXPECT_FALSE(std::filesystem::exists(folder.At("state.db.new")));
}

TEST(StateDatabase, RefusesTheFileOfANewerProgram) {
  const ScratchFolder folder;
  MakeOne(folder);
  RunSql(folder.At("state.db"), "PRAGMA user_version = 99");
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.Text(), HasSubstr("version 99"));
}

TEST(StateDatabase, RefusesTheFileOfAnotherProgram) {
  const ScratchFolder folder;
  ASSERT_EQ(::mkdir(folder.state().c_str(), 0700), 0);
  RunSql(folder.At("state.db"), "CREATE TABLE cookies (name TEXT)");
  ASSERT_EQ(::chmod(folder.At("state.db").c_str(), 0600), 0);
  const Error error = RefusalOf(folder);
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.Text(), HasSubstr("another program"));
}

TEST(StateDatabase, BringsAnOlderFileToItsVersion) {
  const ScratchFolder folder;
  ASSERT_EQ(::mkdir(folder.state().c_str(), 0700), 0);
  // Version 0 of ours: the name is in it, and no table yet.
  RunSql(folder.At("state.db"),
         "PRAGMA application_id = 1400009849; CREATE TABLE t (a); DROP TABLE t");
  ASSERT_EQ(::chmod(folder.At("state.db").c_str(), 0600), 0);
  MakeOne(folder);
  RunSql(folder.At("state.db"), "SELECT * FROM pins");
}

/// Puts a line into a table of the test's own.
class Line final : public Saver {
 public:
  explicit Line(std::string text) : text_(std::move(text)) {}
  Result<void> Write(SqliteConnection& database) override {
    return database.Run("INSERT INTO lines VALUES (?1)", {text_});
  }
  [[nodiscard]] std::string_view what() const override { return "lines"; }
  [[nodiscard]] Durability durability() const override { return Durability::kPower; }

 private:
  const std::string text_;
};

TEST(StateDatabase, SaysWhatItCannotStoreWhileAnotherProgramLocksIt) {
  const ScratchFolder folder;
  const auto database =
      StateDatabase::Open({.folder = folder.state(), .boot_id = "boot-1", .busy = {}}, kNow);
  ASSERT_TRUE(database) << database.error().Text();
  RunSql(folder.At("state.db"), "CREATE TABLE lines (text TEXT)");

  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(folder.At("state.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  Line line("one");
  Saver* const saver = &line;
  const auto stored = (*database)->StoreNow(std::span(&saver, 1));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT((*database)->Degraded(), HasSubstr("state.db: in force, but not stored yet: lines"));
  EXPECT_THAT((*database)->Degraded(), HasSubstr("locked"));

  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_TRUE(Eventually([&] { return (*database)->Degraded().empty(); }));
  int count = 0;
  ASSERT_TRUE((*database)->Read([&](SqliteConnection& reading) {
    return reading.Each("SELECT text FROM lines", {}, [&](const SqliteRow&) { ++count; });
  }));
  EXPECT_EQ(count, 1);
  (*database)->Leave(line);
}

TEST(StateDatabase, KeepsItsWriteAheadLogShort) {
  const ScratchFolder folder;
  const auto database = Open(folder);
  ASSERT_TRUE(database);
  RunSql(folder.At("state.db"), "CREATE TABLE lines (text TEXT)");
  Line line(std::string(20'000, 'x'));
  // 600 times 5 pages and more: 12 MB if nothing were moved out of the log.
  for (int i = 0; i < 600; ++i) ASSERT_TRUE((*database)->Commit(line, Durability::kProcess));
  EXPECT_TRUE(Eventually([&] {
    static_cast<void>((*database)->Commit(line, Durability::kProcess));
    return std::filesystem::file_size(folder.At("state.db")) > 10'000'000;
  }));
}

}  // namespace
}  // namespace surety
