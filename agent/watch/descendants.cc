#include "agent/watch/descendants.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "agent/watch/child_files.h"
#include "agent/watch/pidfd_info.h"
#include "agent/watch/thread_cpu.h"

namespace surety {
namespace {

constexpr std::size_t kMost = 16'384;
constexpr std::size_t kMostChildren = 4096;
// One portion, and the pause after it: 3,200 processes a second, 15 us each.
constexpr std::size_t kPortion = 16;
constexpr BootClock::duration kPause = std::chrono::milliseconds(5);
constexpr BootClock::duration kPurgeEvery = std::chrono::seconds(1);

bool Lives(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

}  // namespace

Descendants::Descendants(ProcessOpener& opener, BootClock::duration interval, double share,
                         Report report)
    : opener_(opener), report_(std::move(report)), kin_(kMost), pace_(interval, share) {}

void Descendants::Add(const ProcessKey& followed) {
  kin_.Add(followed);
  Enqueue(followed);
}

bool Descendants::Born(pid_t parent, pid_t child, BootTime now) {
  if (kin_.Born(parent, child)) return true;
  MakeRoom(now);
  return kin_.Born(parent, child);
}

void Descendants::MakeRoom(BootTime now) {
  if (now - purged_ < kPurgeEvery) return;
  purged_ = now;
  kin_.Purge(Lives);
}

BootTime Descendants::due(bool sweeping) const {
  if (kin_.has_newborns() || !to_look_at_.empty() || look_for_all_) return next_;
  return sweeping ? pace_.due() : BootTime::max();
}

void Descendants::Tend(BootTime now, bool sweeping, const std::function<void()>& read_births) {
  if (sweeping) Sweep(now);
  if (now < next_) return;
  if (std::exchange(look_for_all_, false)) EnqueueAll();
  if (!kin_.has_newborns() && to_look_at_.empty()) return;
  next_ = now + kPause;
  NameNewborns(read_births);
  for (std::size_t i = 0; i < kPortion && !to_look_at_.empty(); ++i) {
    const auto process = to_look_at_.front();
    to_look_at_.pop_front();
    LookForChildren(process);
  }
}

void Descendants::LookForAll() {
  kin_.ForgetNewborns();
  look_for_all_ = true;
}

void Descendants::EnqueueAll() {
  pid_t at = 0;
  for (auto member = kin_.After(at); member && member->pid > at; member = kin_.After(at)) {
    Enqueue(*member);
    at = member->pid;
  }
}

void Descendants::Enqueue(const ProcessKey& process) {
  if (to_look_at_.size() < kMost) to_look_at_.push_back(process);
}

void Descendants::NameNow(pid_t process, const std::function<void()>& read_births) {
  if (const auto newborn = kin_.FindNewborn(process)) Name({*newborn}, read_births);
}

void Descendants::NameNewborns(const std::function<void()>& read_births) {
  Name(kin_.TakeNewborns(kPortion), read_births);
}

// Between a birth and the opening of its pid another process may have been given
// that pid. But that would be a birth as well, and told of by then.
void Descendants::Name(const std::vector<Kin::Newborn>& newborns,
                       const std::function<void()>& read_births) {
  std::vector<std::pair<Kin::Newborn, ProcessKey>> found;
  for (const auto& newborn : newborns)
    if (const auto process = opener_.OpenByPid(newborn.pid))
      found.emplace_back(newborn, (*process)->key());
  if (found.empty()) return;
  read_births();
  for (const auto& [newborn, key] : found)
    if (const auto parent = kin_.Name(newborn, key)) report_(*parent, key);
}

// Whoever has not run since the last time has made no children.
void Descendants::Sweep(BootTime now) {
  const auto portion = pace_.Take(kin_.size(), now);
  const ThreadCpu spent;
  if (cpu_times_.size() > 2 * kin_.size()) cpu_times_.clear();
  for (std::size_t i = 0; i < portion; ++i) {
    const auto member = kin_.After(at_);
    if (!member) break;
    at_ = member->pid;
    const auto cpu_time = ReadCpuTime(member->pid).value_or(-1);
    const auto [known, is_new] = cpu_times_.try_emplace(member->pid, cpu_time);
    if (!is_new && std::exchange(known->second, cpu_time) == cpu_time && cpu_time >= 0) continue;
    LookForChildren(*member);
  }
  pace_.Cost(portion, spent.Used());
}

void Descendants::LookForChildren(const ProcessKey& parent) {
  const auto process = opener_.OpenByPid(parent.pid);
  if (!process || (*process)->key() != parent) {
    const bool gone = process || process.error().code() == ErrorCode::kPeerGone;
    if (gone && kin_.Find(parent.pid) == parent) kin_.Remove(parent.pid);
    return;
  }
  for (const auto child : ReadChildren(**process, kMostChildren)) Take(parent, child);
}

void Descendants::Take(const ProcessKey& parent, pid_t child) {
  if (kin_.Knows(child) || kin_.size() >= kMost) return;
  const auto process = opener_.OpenByPid(child);
  if (!process) return;
  // The pid may have been given to somebody else since it was listed.
  const auto info = ReadPidfdInfo((*process)->pidfd());
  if (info && std::cmp_not_equal(info->parent, parent.pid)) return;
  kin_.Add((*process)->key());
  Enqueue((*process)->key());
  report_(parent, (*process)->key());
}

}  // namespace surety
