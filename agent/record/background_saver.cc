#include "agent/record/background_saver.h"

#include <algorithm>
#include <vector>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5000};
constexpr milliseconds kHousekeeping{1000};
constexpr int kMostRounds = 10'000;

}  // namespace

BackgroundSaver::BackgroundSaver(CommitQueue& queue, std::function<void()> housekeeping)
    : queue_(queue), housekeeping_(std::move(housekeeping)), thread_([this] { Run(); }) {}

BackgroundSaver::~BackgroundSaver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundSaver::Request(Saver& saver, milliseconds delay) {
  const auto at = Pace::now() + delay;
  {
    const std::lock_guard lock(mutex_);
    Due& due = due_[&saver];
    due.asked = true;
    // A disk that has just failed is given its pause.
    if (!due.failure.empty() || due.at <= at) return;
    due.at = at;
  }
  changed_.notify_all();
}

Result<void> BackgroundSaver::Store(std::span<Saver* const> savers) {
  Durability durability = Durability::kProcess;
  for (const Saver* saver : savers)
    if (saver->durability() == Durability::kPower) durability = Durability::kPower;
  const std::vector<Change*> changes(savers.begin(), savers.end());
  Result<void> outcome = queue_.Commit(changes, durability);
  for (Saver* saver : savers) Note(*saver, outcome);
  return outcome;
}

Result<void> BackgroundSaver::StoreAll() {
  // A saver that writes a little at a time asks again while there is more.
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<Saver*> all;
    {
      std::unique_lock lock(mutex_);
      // What the background is writing is not stored yet, and it may ask for more.
      changed_.wait(lock, [this] { return writing_ == nullptr; });
      all = AllDue(Pace::time_point::max());
      for (Saver* saver : all) due_[saver].asked = false;
    }
    if (all.empty()) return {};
    if (auto stored = Store(all); !stored) return stored;
  }
  return {};
}

void BackgroundSaver::Leave(Saver& saver) {
  Saver* const one = &saver;
  std::unique_lock lock(mutex_);
  const auto is_idle = [&] { return writing_ != one; };
  changed_.wait(lock, is_idle);
  for (bool stored = true; stored && due_.erase(one) != 0;) {
    lock.unlock();
    stored = Store(std::span(&one, 1)).has_value();
    lock.lock();
    // It may have asked for more, and the background have begun to write it.
    changed_.wait(lock, is_idle);
  }
  due_.erase(one);
}

std::vector<Saver*> BackgroundSaver::AllDue(Pace::time_point by) const {
  std::vector<Saver*> all;
  for (const auto& [saver, due] : due_)
    if (due.at <= by) all.push_back(saver);
  return all;
}

std::string BackgroundSaver::Degraded() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [saver, due] : due_) {
    if (due.failure.empty()) continue;
    text += (text.empty() ? "in force, but not stored yet: " : "; ") + std::string(saver->what()) +
            " (" + due.failure + ")";
  }
  return text;
}

void BackgroundSaver::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto wake = Pace::now() + kHousekeeping;
    for (const auto& [saver, due] : due_) wake = std::min(wake, due.at);
    changed_.wait_until(lock, wake);
    for (Saver* saver : AllDue(Pace::now())) {
      if (stopping_ || !due_.contains(saver)) continue;
      writing_ = saver;
      lock.unlock();
      Write(*saver);
      saver->Attempted();
      lock.lock();
      writing_ = nullptr;
      changed_.notify_all();
    }
    lock.unlock();
    housekeeping_();
    lock.lock();
  }
}

void BackgroundSaver::Write(Saver& saver) {
  Change* const change = &saver;
  {
    const std::lock_guard lock(mutex_);
    Due& due = due_[&saver];
    due.at = Pace::time_point::max();
    due.asked = false;
  }
  Note(saver, queue_.Commit(std::span(&change, 1), saver.durability()));
}

void BackgroundSaver::Note(Saver& saver, const Result<void>& outcome) {
  const auto now = Pace::now();
  {
    const std::lock_guard lock(mutex_);
    if (outcome) {
      const auto found = due_.find(&saver);
      if (found == due_.end()) return;
      if (!found->second.asked)
        due_.erase(found);
      else
        found->second = {.at = std::min(found->second.at, now), .asked = true};
      return;
    }
    Due& due = due_[&saver];
    due.pause = std::clamp(due.pause * 2, kFirstPause, kLongestPause);
    due.failure = outcome.error().Text();
    due.at = now + due.pause;
  }
  changed_.notify_all();
}

}  // namespace surety
