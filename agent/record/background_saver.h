#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/record/commit_queue.h"

namespace surety {

/// A part of the memory that writes what has changed in it since it last did.
class Saver : public Change {
 public:
  /// What it keeps, for messages: "revocations".
  [[nodiscard]] virtual std::string_view what() const = 0;
  [[nodiscard]] virtual Durability durability() const = 0;
  /// Called after an attempt of the background's, with no lock held.
  virtual void Attempted() {}
};

/// Stores changes after the fact: the one background thread of the database.
/// What cannot be stored (the disk is full) is tried again, after 100 ms at
/// first and every five seconds in the end, until it can. Thread-safe.
class BackgroundSaver {
 public:
  /// `queue` outlives this. `housekeeping` is called on the thread after each
  /// save and at least once a second.
  BackgroundSaver(CommitQueue& queue, std::function<void()> housekeeping);
  /// Ends the thread. All savers have left by then.
  ~BackgroundSaver();
  BackgroundSaver(const BackgroundSaver&) = delete;
  BackgroundSaver& operator=(const BackgroundSaver&) = delete;

  /// Has `saver` write within `delay`. Returns at once.
  void Request(Saver& saver, std::chrono::milliseconds delay);
  /// Has several write in one transaction, now, and returns once it is committed.
  /// After an Error they are tried again in the background.
  Result<void> Store(std::span<Saver* const> savers);
  /// As Store, with all that have something to write.
  Result<void> StoreAll();
  /// Has `saver` write what was asked for, and never calls it again.
  void Leave(Saver& saver);

  /// What could not be stored yet, and why, in a sentence; empty if nothing.
  [[nodiscard]] std::string Degraded() const;

 private:
  using Pace = std::chrono::steady_clock;  // How long a thread sleeps decides nothing.
  struct Due {
    Pace::time_point at = Pace::time_point::max();
    bool asked = false;                  // Since the last attempt began.
    std::chrono::milliseconds pause{0};  // Before the next attempt, after a failed one.
    std::string failure{};
  };
  void Run();
  void Write(Saver& saver);
  void Note(Saver& saver, const Result<void>& outcome);
  std::vector<Saver*> AllDue(Pace::time_point by) const;

  CommitQueue& queue_;
  const std::function<void()> housekeeping_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Saver*, Due> due_;  // Guarded by mutex_.
  Saver* writing_ = nullptr;   // Guarded by mutex_.
  bool stopping_ = false;      // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace surety
