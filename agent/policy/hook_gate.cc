#include "agent/policy/hook_gate.h"

#include <algorithm>
#include <utility>

namespace surety {

Result<HookGate::Permit> HookGate::Enter(BootTime now) {
  const std::lock_guard lock(mutex_);
  if (failure_ && (probing_ || now < probe_at_))
    return Error(ErrorCode::kUnavailable, "not asked, since it failed: " + failure_->why);
  if (asking_ >= most_questions_)
    return Error(ErrorCode::kResourceExhausted,
                 "not asked, since " + std::to_string(asking_) + " questions wait already");
  ++asking_;
  probing_ = failure_.has_value();
  return Permit{.probe = probing_};
}

std::optional<HookGate::Failure> HookGate::Answered(const Permit& permit) {
  const std::lock_guard lock(mutex_);
  Leave(permit);
  pause_ = std::chrono::milliseconds(0);
  return std::exchange(failure_, std::nullopt);
}

bool HookGate::Failed(const Permit& permit, std::string why, Moment now) {
  const std::lock_guard lock(mutex_);
  Leave(permit);
  const bool first = !failure_;
  // Those who were let in before the first failure say nothing new.
  if (first || permit.probe) {
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLastPause);
    probe_at_ = now.boot + pause_;
    failure_ = Failure{.since = first ? now : failure_->since, .why = std::move(why)};
  }
  return first;
}

std::optional<HookGate::Failure> HookGate::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void HookGate::Leave(const Permit& permit) {
  --asking_;
  if (permit.probe) probing_ = false;
}

}  // namespace surety
