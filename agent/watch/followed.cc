#include "agent/watch/followed.h"

#include <utility>

namespace surety {
namespace {

// The first two reports of a process are 5 ms apart, those of a process that does
// not stop 40 ms.
constexpr BootClock::duration kShortestGap = std::chrono::milliseconds(5);
constexpr BootClock::duration kLongestGap = std::chrono::milliseconds(40);

ExecProbe ProbeOf(const ProcessHandle& process) {
  auto probe = ExecProbe::Open(process);
  return probe ? *std::move(probe) : ExecProbe();
}

}  // namespace

// The probe comes first: whatever is executed from here on shows.
Followed::Followed(std::shared_ptr<const ProcessHandle> process, bool may_probe)
    : process_(std::move(process)),
      may_probe_(may_probe),
      probe_(may_probe ? ProbeOf(*process_) : ExecProbe()),
      look_(*process_, LookPlan{}),
      pace_(kShortestGap, kLongestGap) {}

bool Followed::RenewProbe() {
  auto probe = ExecProbe::Open(*process_);
  const bool runs = probe || !process_->IsExiting();
  probe_ = probe ? *std::move(probe) : ExecProbe();
  return runs;
}

std::optional<WakeReason> Followed::LookAgain(LookPlan plan) {
  const bool executed = probe_.HasExecuted();
  const bool wants_probe = may_probe_ && (executed || (plan.everything && !probe_.knows()));
  // An exiting process loses its memory first. It has not executed anything.
  if (wants_probe && !RenewProbe()) return std::nullopt;
  const auto found = look_.Again(*process_, plan);
  return executed ? WakeReason::kExec : found;
}

Followed* FollowedTable::Find(pid_t pid) {
  const auto at = processes_.find(pid);
  return at == processes_.end() ? nullptr : &at->second;
}

Followed& FollowedTable::Add(Followed followed) {
  const pid_t pid = followed.key().pid;
  processes_.erase(pid);
  return processes_.emplace(pid, std::move(followed)).first->second;
}

void FollowedTable::Remove(pid_t pid) { processes_.erase(pid); }

Followed* FollowedTable::After(pid_t pid) {
  const auto at = processes_.upper_bound(pid);
  return at == processes_.end() ? nullptr : &at->second;
}

std::vector<pid_t> FollowedTable::pids() const {
  std::vector<pid_t> pids;
  pids.reserve(processes_.size());
  for (const auto& [pid, followed] : processes_) pids.push_back(pid);
  return pids;
}

}  // namespace surety
