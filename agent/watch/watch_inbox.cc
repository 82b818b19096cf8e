#include "agent/watch/watch_inbox.h"

#include <sys/eventfd.h>

#include <utility>

namespace surety {

bool WatchInbox::Reserve(const ProcessHandle& process) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  const auto known = places_.find(process.key());
  if (known != places_.end()) return std::exchange(known->second, &process) != &process;
  if (places_.size() >= most_) {
    ++refused_;
    return false;
  }
  places_.emplace(process.key(), &process);
  return true;
}

void WatchInbox::Put(Followed followed) {
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(std::move(followed));
  }
  Signal();
}

std::size_t WatchInbox::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

std::size_t WatchInbox::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

std::vector<Followed> WatchInbox::TakeAll() {
  const std::lock_guard lock(mutex_);
  return std::exchange(arrived_, {});
}

void WatchInbox::Acknowledge() const {
  eventfd_t count = 0;
  ::eventfd_read(signal_.get(), &count);
}

void WatchInbox::GiveBack(const ProcessHandle& process) {
  const std::lock_guard lock(mutex_);
  places_.insert_or_assign(process.key(), &process);
}

void WatchInbox::Forget(const ProcessKey& key, const ProcessHandle* process) {
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(key);
  if (known != places_.end() && known->second == process) places_.erase(known);
}

void WatchInbox::AskForBirth(pid_t process, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  questions_.push_back(process);
  const auto number = ++asked_;
  Signal();
  answers_.wait_for(lock, patience, [&] { return stopping_ || answered_ >= number; });
}

std::vector<pid_t> WatchInbox::TakeQuestions() {
  const std::lock_guard lock(mutex_);
  taken_ = asked_;
  return std::exchange(questions_, {});
}

void WatchInbox::AnswerQuestions() {
  const std::lock_guard lock(mutex_);
  answered_ = taken_;
  answers_.notify_all();
}

void WatchInbox::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  answers_.notify_all();
  Signal();
}

bool WatchInbox::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void WatchInbox::Signal() const { ::eventfd_write(signal_.get(), 1); }

}  // namespace surety
