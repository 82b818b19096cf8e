#pragma once

#include <sys/types.h>

#include <optional>
#include <stop_token>
#include <string>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

// For the files of a service (docs/sinks.md), over the system bus that listens at
// `socket`. Limits and errors: systemd_bus.h. They take until `deadline` at most.

/// The main process of a service; while it has none because it starts, the one that
/// systemd runs to start it (ExecStartPre=). nullopt: neither, or no such unit.
Result<std::optional<pid_t>> AskMainProcess(const std::string& socket, const std::string& unit,
                                            BootTime deadline, const std::stop_token& stop);

/// Has systemd reload a unit; what becomes of it is in the unit's journal. Others than
/// root need a polkit rule for it: then kUnavailable, with systemd's words.
Result<void> ReloadUnitOverBus(const std::string& socket, const std::string& unit,
                               BootTime deadline, const std::stop_token& stop);

}  // namespace surety
