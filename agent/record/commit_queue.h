#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "agent/record/sqlite_connection.h"

namespace surety {

/// Something to be written to the database.
class Change {
 public:
  virtual ~Change() = default;
  /// Writes within a transaction that others' changes share. May be called again
  /// after Settled(false). Called by one thread at a time.
  virtual Result<void> Write(SqliteConnection& database) = 0;
  /// The transaction in which Write was called last has been committed, or undone.
  virtual void Settled(bool committed) { static_cast<void>(committed); }
};

/// The one way to write. What many threads want to write at the same time goes
/// into one transaction: the first of them writes for all who came meanwhile.
/// Thread-safe.
class CommitQueue {
 public:
  explicit CommitQueue(SqliteConnection connection) : connection_(std::move(connection)) {}

  /// Writes the changes in one transaction and returns once it is committed. On
  /// an Error, none of them is stored. Where a change is at fault and not the
  /// disk, only its own caller gets the Error. Changes must not call the queue.
  Result<void> Commit(std::span<Change* const> changes, Durability durability);

  /// Lends the connection, with no transaction of the queue open.
  Result<void> Alone(const std::function<Result<void>(SqliteConnection&)>& use);

  /// How many callers are being served or wait for it.
  [[nodiscard]] std::size_t waiting() const;
  /// Pages in the write-ahead log (4 KiB each).
  [[nodiscard]] int wal_pages() const { return connection_.wal_pages(); }

 private:
  struct Waiting {
    std::span<Change* const> changes{};
    Durability durability = Durability::kProcess;
    const std::function<Result<void>(SqliteConnection&)>* alone = nullptr;
    Result<void> result{};
    bool done = false;
    std::condition_variable turn{};
  };
  Result<void> Wait(Waiting& mine);
  void Write(std::span<Waiting* const> batch);
  Result<void> WriteTogether(std::span<Waiting* const> batch);
  static Result<void> WriteChanges(SqliteConnection& connection, std::span<Waiting* const> batch);

  mutable std::mutex mutex_;
  std::deque<Waiting*> waiting_;  // Guarded by mutex_. Who is first in it has the connection.
  SqliteConnection connection_;
};

}  // namespace surety
