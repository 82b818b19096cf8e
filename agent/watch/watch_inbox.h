#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "agent/watch/followed.h"
#include "surety/process.h"
#include "surety/unique_fd.h"

namespace surety {

/// What other threads hand to the watcher's thread. Thread-safe.
class WatchInbox {
 public:
  WatchInbox(UniqueFd signal, std::size_t most) : signal_(std::move(signal)), most_(most) {}

  /// Claims a place for a process; false if it has one already, if there is no room
  /// or after Stop. Whoever gets true calls Put. Another handle with the same key may be
  /// another process (a pid that was given away within one clock tick): it gets the place.
  bool Reserve(const ProcessHandle& process);
  void Put(Followed followed);
  /// How many places are taken.
  [[nodiscard]] std::size_t size() const;
  /// How often a process has found no room.
  [[nodiscard]] std::size_t refused() const;

  /// What was put in: all of it whose Put has returned.
  std::vector<Followed> TakeAll();
  /// Makes signal_fd() unreadable; to be called before TakeAll.
  void Acknowledge() const;
  /// The place of its key belongs to this process after all.
  void GiveBack(const ProcessHandle& process);
  /// The process is no longer followed. The handle is compared, not used.
  void Forget(const ProcessKey& key, const ProcessHandle* process);

  /// Waits until what was born so far has been told of, this process by name; no
  /// longer than `patience`, nor after Stop.
  void AskForBirth(pid_t process, std::chrono::milliseconds patience);
  /// The processes that are asked for.
  std::vector<pid_t> TakeQuestions();
  /// Those that were taken last have been told of.
  void AnswerQuestions();

  void Stop();
  [[nodiscard]] bool stopping() const;
  /// Readable (poll) when something was put in, or after Stop.
  [[nodiscard]] int signal_fd() const { return signal_.get(); }

 private:
  void Signal() const;

  const UniqueFd signal_;  // eventfd(2)
  const std::size_t most_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  std::unordered_map<ProcessKey, const ProcessHandle*> places_;
  std::vector<Followed> arrived_;
  std::size_t refused_ = 0;
  bool stopping_ = false;
  std::vector<pid_t> questions_;
  std::uint64_t asked_ = 0;  // How many so far.
  std::uint64_t taken_ = 0;
  std::uint64_t answered_ = 0;
  std::condition_variable answers_;
};

}  // namespace surety
