#include "workload_api/admin_gate.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

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
  refused_.Tell({{"uid", std::to_string(uid)},
                 {"pid", std::to_string(peer.process->key().pid)},
                 {"why", std::string(why)}});
}

}  // namespace surety
