#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/standing.h"

namespace surety {

/// Who gives an order over the admin socket, as the kernel said.
struct Operator {
  uid_t uid = 0;
  pid_t pid = 0;
};

/// What is to be put into quarantine: one of the first two, an entry, or both.
struct QuarantineOrder {
  std::string lineage;                ///< "unit:/system.slice/web.service".
  pid_t pid = 0;                      ///< The lineage of this process; zero: of none.
  std::string entry_id;               ///< Only this entry; empty: every one.
  std::string reason;                 ///< Not empty: the record shall say why.
  std::optional<Seconds> duration{};  ///< Absent: until released.
};

/// Which SVIDs are to be revoked: exactly one is set.
struct RevocationOrder {
  std::string serial;
  pid_t pid = 0;
  std::string spiffe_id;
  std::string reason;  ///< Not empty.
};

/// What operators may order while the daemon runs. Every order is recorded with
/// who gave it. Thread-safe. In agent/record/operator_orders.h.
class AdminActions {
 public:
  virtual ~AdminActions() = default;

  /// Those in force, the newest last.
  [[nodiscard]] virtual std::vector<Quarantine> Quarantines() const = 0;

  /// In force and on disk before it returns. kInvalidArgument says what the order
  /// lacks; kNotFound: there is no such process.
  virtual Result<Quarantine> AddQuarantine(const QuarantineOrder& order, const Operator& by) = 0;

  /// kNotFound if no quarantine has this id.
  virtual Result<Quarantine> ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                               const Operator& by) = 0;

  /// How many were revoked; zero if none is live.
  virtual Result<std::uint32_t> RevokeSvids(const RevocationOrder& order, const Operator& by) = 0;
};

}  // namespace surety
