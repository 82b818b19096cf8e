#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/config.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The daemon's logger, on standard error: as text ("TIME LEVEL MESSAGE"), as one JSON
/// object a line (time in RFC 3339, level, message, fields if it has any), or, if the
/// format is left to it and standard error is the journal's, by the journal's own fields.
/// Thread-safe.
std::shared_ptr<spdlog::logger> MakeLogger(LogFormat format, LogLevel level);

/// Control bytes are replaced, so that nothing a workload names (a file, a label) can
/// forge a line. Every message and every field goes through it.
std::string OneLine(std::string_view text);

}  // namespace surety
