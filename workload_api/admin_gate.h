#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "surety/peer.h"
#include "workload_api/repeated_notice.h"

namespace surety {

/// Who may use the admin socket, asked when a process connects and again at each of its
/// calls. Whoever may not is told of in the record, as "admin.refused". The record
/// outlives this. Thread-safe.
class AdminGate {
 public:
  AdminGate(std::vector<uid_t> uids, AuditLog& audit, const Clock& clock)
      : uids_(std::move(uids)), refused_("admin.refused", NoticeSeverity::kHigh, audit, clock) {}

  /// Whether it may connect, by the user that it was then.
  bool Admits(const Peer& peer);
  /// Whether it may still give orders: a process that connected and became another
  /// user since, or has gone, may not.
  bool StillAdmits(const Peer& peer);
  /// Tells of what has waited. Called about once a second.
  void Tick() { refused_.Tick(); }

 private:
  [[nodiscard]] bool Lists(uid_t uid) const;
  void Refuse(const Peer& peer, uid_t uid, std::string_view why);

  const std::vector<uid_t> uids_;
  RepeatedNotice refused_;
};

}  // namespace surety
