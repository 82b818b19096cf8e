#include "agent/record/commit_queue.h"

#include <algorithm>
#include <vector>

namespace surety {
namespace {

constexpr std::size_t kMostInOneTransaction = 512;

/// Whether the disk is to blame, so that no change would fare better alone.
bool OfTheDisk(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kResourceExhausted ||
         error.code() == ErrorCode::kDataLoss || error.code() == ErrorCode::kPermissionDenied;
}

}  // namespace

Result<void> CommitQueue::Commit(std::span<Change* const> changes, Durability durability) {
  Waiting mine{.changes = changes, .durability = durability};
  return Wait(mine);
}

Result<void> CommitQueue::Alone(const std::function<Result<void>(SqliteConnection&)>& use) {
  Waiting mine{.alone = &use};
  return Wait(mine);
}

std::size_t CommitQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

Result<void> CommitQueue::Wait(Waiting& mine) {
  std::vector<Waiting*> batch;
  {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&mine);
    mine.turn.wait(lock, [&] { return mine.done || waiting_.front() == &mine; });
    if (mine.done) return mine.result;
    for (Waiting* other : waiting_) {
      if (batch.size() == kMostInOneTransaction) break;
      if (!batch.empty() && (other->alone != nullptr || mine.alone != nullptr)) break;
      batch.push_back(other);
    }
  }
  Write(batch);
  const std::lock_guard lock(mutex_);
  for (Waiting* written : batch) {
    waiting_.pop_front();
    written->done = true;
    if (written != &mine) written->turn.notify_one();
  }
  if (!waiting_.empty()) waiting_.front()->turn.notify_one();
  return mine.result;
}

void CommitQueue::Write(std::span<Waiting* const> batch) {
  if (batch.front()->alone != nullptr) {
    batch.front()->result = (*batch.front()->alone)(connection_);
    return;
  }
  const Result<void> together = WriteTogether(batch);
  const bool one_by_one = !together && batch.size() > 1 && !OfTheDisk(together.error());
  for (Waiting* const& one : batch)
    one->result = one_by_one ? WriteTogether(std::span(&one, 1)) : together;
}

Result<void> CommitQueue::WriteTogether(std::span<Waiting* const> batch) {
  const bool power = std::any_of(batch.begin(), batch.end(), [](const Waiting* one) {
    return one->durability == Durability::kPower;
  });
  Result<void> outcome = connection_.Survive(power ? Durability::kPower : Durability::kProcess);
  if (outcome) outcome = connection_.Begin();
  if (outcome) outcome = WriteChanges(connection_, batch);
  if (outcome) outcome = connection_.Commit();
  if (!outcome) connection_.Rollback();
  for (const Waiting* one : batch)
    for (Change* change : one->changes) change->Settled(outcome.has_value());
  return outcome;
}

Result<void> CommitQueue::WriteChanges(SqliteConnection& connection,
                                       std::span<Waiting* const> batch) {
  for (const Waiting* one : batch)
    for (Change* change : one->changes)
      if (auto written = change->Write(connection); !written) return written;
  return {};
}

}  // namespace surety
