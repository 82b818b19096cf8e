#include "agent/record/state_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/record/boot_change.h"
#include "agent/record/state_schema.h"

namespace surety {
namespace {

constexpr const char* kFile = "state.db";
constexpr const char* kLog = "state.db-wal";
constexpr const char* kIndex = "state.db-shm";
constexpr const char* kNew = "state.db.new";

constexpr int kCheckpointPages = 1000;
constexpr int kLongLogPages = 8000;  // Writers outpaced the checkpoints: 32 MB.

Error Explained(const Error& error, const std::string& path) {
  if (error.code() != ErrorCode::kDataLoss) return error.Within("state database " + path);
  return error.Within(
      "state database " + path +
      " is damaged. It is left as it is. Put a backup in its place, or move it away together with "
      "state.db-wal: a new one knows of no revocation and no quarantine (docs/state.md)");
}

bool Exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

Result<void> Remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Error(ErrorCode::kUnavailable,
               path + " cannot be removed: " + std::generic_category().message(errno));
}

/// A database has its name only once it is whole, so that an empty file is damage.
Result<void> Make(const StateFolder& folder, std::chrono::milliseconds busy) {
  const std::string path = folder.PathOf(kNew);
  for (const char* rest : {"", "-wal", "-shm"})
    if (auto removed = Remove(path + rest); !removed) return removed;
  if (auto claimed = folder.Claim(kNew); !claimed) return claimed.error();
  {
    auto made = SqliteConnection::Open(path, busy);
    if (!made) return made.error();
    if (auto migrated = Migrate(*made); !migrated) return migrated;
    if (auto moved = made->Checkpoint(true); !moved) return moved;
  }
  return folder.Rename(kNew, kFile);
}

/// True if the file is new.
Result<bool> MakeWhereMissing(const StateFolder& folder, std::chrono::milliseconds busy) {
  for (const char* name : {kFile, kLog, kIndex})
    if (auto checked = folder.Check(name); !checked) return checked.error();
  if (Exists(folder.PathOf(kFile))) return false;
  if (Exists(folder.PathOf(kLog)))
    return Error(ErrorCode::kDataLoss, "it is missing, but its state.db-wal is there");
  if (auto made = Make(folder, busy); !made) return made.error();
  return true;
}

Result<void> CheckNotEmpty(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && found.st_size == 0)
    return Error(ErrorCode::kDataLoss, "it is empty");
  return {};
}

Result<SqliteConnection> OpenSound(const std::string& path, std::chrono::milliseconds busy) {
  if (auto whole = CheckNotEmpty(path); !whole) return whole.error();
  auto connection = SqliteConnection::Open(path, busy);
  if (!connection) return connection;
  if (auto sound = CheckIntegrity(*connection); !sound) return sound.error();
  if (auto migrated = Migrate(*connection); !migrated) return migrated.error();
  return connection;
}

}  // namespace

Result<std::unique_ptr<StateDatabase>> StateDatabase::Open(const Options& options, Moment now) {
  auto folder = StateFolder::Open(options.folder);
  if (!folder) return folder.error().Within("the state folder (state_dir)");
  const std::string path = folder->PathOf(kFile);

  auto is_new = MakeWhereMissing(*folder, options.busy);
  if (!is_new) return Explained(is_new.error(), path);
  auto writer = OpenSound(path, options.busy);
  if (!writer) return Explained(writer.error(), path);
  auto notes = EnterBoot(*writer, options.boot_id, now);
  if (!notes) return Explained(notes.error(), path);
  if (*is_new) notes->push_back("made a new state database " + path);
  auto checkpointer = SqliteConnection::Open(path, options.busy);
  if (!checkpointer) return Explained(checkpointer.error(), path);
  return std::unique_ptr<StateDatabase>(new StateDatabase(
      std::move(*folder), std::move(*writer), std::move(*checkpointer), std::move(*notes)));
}

StateDatabase::StateDatabase(StateFolder folder, SqliteConnection writer,
                             SqliteConnection checkpointer, std::vector<std::string> notes)
    : folder_(std::move(folder)),
      notes_(std::move(notes)),
      queue_(std::move(writer)),
      checkpointer_(std::move(checkpointer)),
      saver_(queue_, [this] { KeepLogShort(); }) {}

void StateDatabase::KeepLogShort() {
  const int pages = queue_.wal_pages();
  if (pages < moved_pages_) moved_pages_ = 0;  // The log has started anew.
  if (pages - moved_pages_ < kCheckpointPages) return;
  // What fails now is tried again when the log has grown further.
  moved_pages_ = pages;
  static_cast<void>(checkpointer_.Checkpoint(false));
  if (pages < kLongLogPages) return;
  static_cast<void>(queue_.Alone([](SqliteConnection& writer) { return writer.Checkpoint(true); }));
}

std::string StateDatabase::Degraded() const {
  const std::string text = saver_.Degraded();
  return text.empty() ? text : folder_.PathOf(kFile) + ": " + text;
}

}  // namespace surety
