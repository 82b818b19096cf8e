#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// What systemd says of a unit (org.freedesktop.systemd1(5)).
struct UnitFacts {
  std::string id;             ///< "web.service".
  std::string fragment_path;  ///< Empty for a unit without a file.
  std::string slice;          ///< "system.slice".
  std::string control_group;  ///< "/system.slice/web.service"; empty if nothing runs in it.
  std::string invocation_id;  ///< 32 hex digits of this start of it; empty if there is none.
  bool operator==(const UnitFacts&) const = default;
};

/// Asks systemd which unit a cgroup is of: that of the cgroup itself or of the nearest
/// one above it which has one. nullopt: none. An Error: could not tell. May take until
/// `deadline`, or until it is told to stop.
using UnitQuestion = std::function<Result<std::optional<UnitFacts>>(
    const std::string& cgroup, BootTime deadline, const std::stop_token& stop)>;

}  // namespace surety
