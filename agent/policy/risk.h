#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/standing.h"

namespace surety {

/// One named reason for suspicion; the table of docs/risk.md.
struct RiskSignal {
  std::string_view name;
  double points;             ///< Added each time.
  double most;               ///< What all of its times together may come to.
  std::string_view meaning;  ///< For the table.
};

/// All of them, by name.
std::span<const RiskSignal> RiskSignals();

/// How long until what a signal has added counts half.
constexpr Seconds kRiskHalfLife{600};

/// How suspicious one lineage is. Each signal's points decay by half with every
/// half-life; the score is their sum, at most 100. Of fixed size. Not thread-safe.
class RiskAccount {
 public:
  /// False for a signal that is not in the table: nothing is added.
  bool Add(std::string_view signal, BootTime now);

  /// Parts below a hundredth are left out.
  [[nodiscard]] Risk At(BootTime now) const;
  /// Nothing of it would be told by At.
  [[nodiscard]] bool Idle(BootTime now) const;

  /// One line, for the database.
  [[nodiscard]] std::string Text() const;
  /// The reverse. Signals that this program does not know are dropped. kDataLoss
  /// where `text` is something else.
  static Result<RiskAccount> Parse(std::string_view text);

 private:
  struct Part {
    std::size_t signal = 0;  // Its place in the table.
    double points = 0;       // As of `since`.
    BootTime since;
  };
  static double PointsAt(const Part& part, BootTime now);
  std::vector<Part> parts_;  // At most one for each signal.
};

}  // namespace surety
