#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// How much one uid may take, whatever it is entitled to. Checked before any
/// work is done for it.
struct UidLimits {
  std::uint32_t connections = 10'000;         ///< Of all uids together.
  std::uint32_t connections_per_uid = 6'000;  ///< Open at one time.
  std::uint32_t calls_per_uid = 12'000;       ///< Open at one time.
  double calls_per_second = 1'000;            ///< Sustained.
  double calls_burst = 12'000;                ///< On top, after a time of quiet.
};

/// Counts against UidLimits. Forgets a uid once it has nothing open and time
/// has made its burst whole again. Not thread-safe.
class UidLimiter {
 public:
  explicit UidLimiter(const UidLimits& limits) : limits_(limits) {}

  /// kResourceExhausted says which limit, its value and the setting's name.
  Result<void> OpenConnection(uid_t uid, BootTime now);
  void CloseConnection(uid_t uid);
  Result<void> OpenCall(uid_t uid, BootTime now);
  void CloseCall(uid_t uid);

  [[nodiscard]] std::uint32_t connections() const { return connections_; }
  [[nodiscard]] std::uint32_t calls() const { return calls_; }
  [[nodiscard]] std::size_t known_uids() const { return uids_.size(); }

 private:
  struct Share {
    std::uint32_t connections = 0;
    std::uint32_t calls = 0;
    double tokens;
    BootTime refilled;
  };

  Share& ShareOf(uid_t uid, BootTime now);
  [[nodiscard]] double TokensAt(const Share& share, BootTime now) const;
  void ForgetQuiet(BootTime now);

  const UidLimits limits_;
  std::unordered_map<uid_t, Share> uids_;
  std::size_t forget_at_ = 256;  // Size of uids_ at which quiet ones are looked for.
  std::uint32_t connections_ = 0;
  std::uint32_t calls_ = 0;
};

}  // namespace surety
