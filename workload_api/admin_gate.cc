#include "workload_api/admin_gate.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace surety {
namespace {

constexpr std::size_t kMaxStatus = 64UL * 1024;

// The effective uid of /proc/PID/status, the second number of its line (proc(5)).
std::optional<uid_t> EffectiveUidOf(const ProcessHandle& process) {
  const auto status = process.ReadFile("status", kMaxStatus);
  if (!status) return std::nullopt;
  constexpr std::string_view kName = "\nUid:\t";
  const auto line = status->find(kName);
  const auto second = status->find('\t', line == std::string::npos ? line : line + kName.size());
  if (second == std::string::npos) return std::nullopt;
  uid_t uid = 0;
  const auto read =
      std::from_chars(status->data() + second + 1, status->data() + status->size(), uid);
  if (read.ec != std::errc() || !process.IsAlive()) return std::nullopt;
  return uid;
}

}  // namespace

bool AdminGate::Lists(uid_t uid) const { return std::ranges::find(uids_, uid) != uids_.end(); }

bool AdminGate::Admits(const Peer& peer) {
  if (Lists(peer.uid)) return true;
  Refuse(peer, peer.uid, "its user may not use the admin socket");
  return false;
}

bool AdminGate::StillAdmits(const Peer& peer) {
  const auto uid = EffectiveUidOf(*peer.process);
  if (uid && Lists(*uid)) return true;
  Refuse(peer, uid.value_or(peer.uid),
         uid ? "it has become another user since it connected" : "it has gone");
  return false;
}

void AdminGate::Refuse(const Peer& peer, uid_t uid, std::string_view why) {
  const Moment now = clock_.Now();
  const Refused refused{.uid = uid, .pid = peer.process->key().pid, .why = std::string(why)};
  std::uint64_t attempts = 1;
  {
    const std::lock_guard lock(mutex_);
    last_ = refused;
    ++untold_;
    if (told_ && now.boot - *told_ < kBetweenNotices) return;
    told_ = now.boot;
    attempts = std::exchange(untold_, 0);
  }
  Tell(refused, attempts, now);
}

void AdminGate::Tick() {
  const Moment now = clock_.Now();
  Refused last;
  std::uint64_t attempts = 0;
  {
    const std::lock_guard lock(mutex_);
    if (untold_ == 0 || now.boot - *told_ < kBetweenNotices) return;
    told_ = now.boot;
    attempts = std::exchange(untold_, 0);
    last = last_;
  }
  Tell(last, attempts, now);
}

void AdminGate::Tell(const Refused& last, std::uint64_t attempts, Moment now) {
  const auto noted = audit_.Note({.at = now,
                                  .what = "admin.refused",
                                  .severity = NoticeSeverity::kHigh,
                                  .details = {{"uid", std::to_string(last.uid)},
                                              {"pid", std::to_string(last.pid)},
                                              {"why", last.why},
                                              {"attempts", std::to_string(attempts)}}});
  // The refusal stands whether or not it can be recorded.
  static_cast<void>(noted);
}

}  // namespace surety
