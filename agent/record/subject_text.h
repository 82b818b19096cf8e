#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// The key of a row about a lineage or a process.
inline std::string SubjectText(const std::string& lineage) { return lineage; }
inline std::string SubjectText(const ProcessKey& process) {
  return std::to_string(process.pid) + "." + std::to_string(process.start_ticks);
}

/// The number of a row about a process. A pid has 22 bits at most (PID_MAX_LIMIT of
/// the kernel); so this fits for the first 600 years of uptime, and newer
/// processes come later in the table.
inline std::int64_t RowOf(const ProcessKey& process) {
  return static_cast<std::int64_t>(process.start_ticks << 22 |
                                   static_cast<std::uint64_t>(process.pid));
}

/// The reverse of SubjectText. kDataLoss where that is not what `text` is.
Result<void> ReadSubject(std::string_view text, std::string& lineage);
Result<void> ReadSubject(std::string_view text, ProcessKey& process);

}  // namespace surety
