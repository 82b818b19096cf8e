#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/record/background_saver.h"
#include "agent/record/commit_queue.h"
#include "agent/record/state_folder.h"
#include "surety/clock.h"

namespace surety {

/// The database of what Surety remembers, <folder>/state.db: SQLite in WAL mode,
/// 0600, in the hands of one daemon. docs/state.md says what is in it, decision
/// 007 what survives what. Thread-safe.
class StateDatabase {
 public:
  struct Options {
    std::string folder;                   ///< state_dir.
    std::string boot_id;                  ///< /proc/sys/kernel/random/boot_id, without the newline.
    std::chrono::milliseconds busy{250};  ///< How long another program's lock is waited for.
  };

  /// Opens the database, or makes a new one where there is none; checks the whole
  /// file for damage, brings it to this program's version and drops what belongs
  /// to another boot (EnterBoot). kDataLoss: it is damaged, and is left as it is;
  /// the message names the file and what to do. kInvalidArgument: made by a newer
  /// or another program. Else as StateFolder::Open and SqliteError.
  static Result<std::unique_ptr<StateDatabase>> Open(const Options& options, Moment now);

  /// What an operator should know of the opening, a sentence each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// Lends the connection, for reading at the start.
  Result<void> Read(const std::function<Result<void>(SqliteConnection&)>& read) {
    return queue_.Alone(read);
  }
  /// Writes one change with others that come at the same time, and returns once
  /// it is committed. On an Error it is not stored, now or later.
  Result<void> Commit(Change& change, Durability durability) {
    Change* const one = &change;
    return queue_.Commit(std::span(&one, 1), durability);
  }
  /// Has a saver write in the background within `delay`.
  void StoreSoon(Saver& saver, std::chrono::milliseconds delay) { saver_.Request(saver, delay); }
  /// Has savers write in one transaction, and returns once it is committed. On an
  /// Error the background tries again.
  Result<void> StoreNow(std::span<Saver* const> savers) { return saver_.Store(savers); }
  /// Has all savers write what they were asked for.
  Result<void> StoreAll() { return saver_.StoreAll(); }
  /// Called by a saver's destructor: stores what it was asked for, a last time.
  void Leave(Saver& saver) { saver_.Leave(saver); }

  /// What is not stored yet though it should be, in a sentence; empty if nothing.
  [[nodiscard]] std::string Degraded() const;

 private:
  StateDatabase(StateFolder folder, SqliteConnection writer, SqliteConnection checkpointer,
                std::vector<std::string> notes);
  void KeepLogShort();

  const StateFolder folder_;
  const std::vector<std::string> notes_;
  CommitQueue queue_;
  SqliteConnection checkpointer_;  // Used by the background thread only, as this:
  int moved_pages_ = 0;            // Of the write-ahead log, at the last checkpoint.
  BackgroundSaver saver_;          // Last: its thread uses the others.
};

}  // namespace surety
