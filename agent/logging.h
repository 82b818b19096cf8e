#pragma once

#include <memory>

#include "agent/config.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The daemon's logger, on standard error: as text ("TIME LEVEL MESSAGE"), as one JSON
/// object a line (time in RFC 3339, level, message, fields if it has any), or, if the
/// format is left to it and standard error is the journal's, by the journal's own fields.
/// Every message and every field goes through OneLine(). Thread-safe.
std::shared_ptr<spdlog::logger> MakeLogger(LogFormat format, LogLevel level);

}  // namespace surety
