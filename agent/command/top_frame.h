#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agent/command/top_events.h"
#include "surety/clock.h"
#include "surety/daemon_status.h"
#include "surety/standing.h"

namespace surety {

/// What one frame shows.
struct TopView {
  std::optional<DaemonStatus> status{};  ///< nullopt: the daemon does not answer.
  std::string why_silent{};              ///< Then.
  std::vector<Quarantine> quarantines{};
  std::string why_no_events{};  ///< The audit log cannot be read.
};

/// How much there is room for; absent: for all.
struct TopSize {
  std::size_t lines = 24;
  std::size_t columns = 80;
};

/// The lines of a frame, none of which holds a control character or is longer than there
/// is room for. Pure.
std::vector<std::string> TopFrame(const TopView& view, const TopEvents& events, WallTime now,
                                  const std::optional<TopSize>& size);

}  // namespace surety
