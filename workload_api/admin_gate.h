#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/audit.h"
#include "surety/clock.h"
#include "surety/peer.h"

namespace surety {

/// Who may use the admin socket, asked when a process connects and again at each of its
/// calls. Whoever may not is told of in the record, as "admin.refused": the first at
/// once, then at most one notice in ten seconds with the number of all, since a caller
/// decides how often he tries. The record outlives this. Thread-safe.
class AdminGate {
 public:
  static constexpr Seconds kBetweenNotices{10};

  AdminGate(std::vector<uid_t> uids, AuditLog& audit, const Clock& clock)
      : uids_(std::move(uids)), audit_(audit), clock_(clock) {}

  /// Whether it may connect, by the user that it was then.
  bool Admits(const Peer& peer);
  /// Whether it may still give orders: a process that connected and became another
  /// user since, or has gone, may not.
  bool StillAdmits(const Peer& peer);
  /// Tells of what has waited. Called about once a second.
  void Tick();

 private:
  struct Refused {
    uid_t uid = 0;
    pid_t pid = 0;
    std::string why;
  };
  [[nodiscard]] bool Lists(uid_t uid) const;
  void Refuse(const Peer& peer, uid_t uid, std::string_view why);
  void Tell(const Refused& last, std::uint64_t attempts, Moment now);

  const std::vector<uid_t> uids_;
  AuditLog& audit_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<BootTime> told_;  // By mutex_, as all that follows.
  Refused last_;
  std::uint64_t untold_ = 0;
};

}  // namespace surety
