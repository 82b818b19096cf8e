#pragma once

#include <memory>

#include "agent/config.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The daemon's logger, on standard error: as text ("TIME LEVEL MESSAGE") or as
/// one JSON object a line (time in RFC 3339, level, message). Every message is
/// one line: control bytes in it are replaced, so that nothing a workload names
/// (a file, a label) can forge a line. Thread-safe.
std::shared_ptr<spdlog::logger> MakeLogger(LogFormat format, LogLevel level);

}  // namespace surety
