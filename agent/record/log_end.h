#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/record/audit_chain.h"
#include "agent/record/audit_folder.h"
#include "agent/record/checkpoint.h"
#include "surety/audit.h"
#include "surety/result.h"

namespace surety {

/// Something about the log to be told in the log, once it can be written to.
struct LogFinding {
  std::string what;  ///< "audit.torn", "audit.broken".
  NoticeSeverity severity = NoticeSeverity::kHigh;
  std::string sentence;  ///< For people.
  std::vector<std::pair<std::string, std::string>> details;
};

/// Where a log ends that was found at start.
struct LogEnd {
  std::string log;         ///< Its id; empty if there is no segment.
  std::string segment;     ///< The last one.
  std::uint64_t size = 0;  ///< Of that, in bytes.
  ChainPoint end;
  /// No number up to this one may be given again: it is a checkpoint's that the
  /// log does not reach any more.
  std::uint64_t used_up_to = 0;
  std::vector<LogFinding> findings;
  [[nodiscard]] bool broken() const;
};

/// Finds the end of the log and looks through its last segment. Bytes after its
/// last newline, which a write leaves that the machine did not survive, are
/// moved to "SEGMENT.torn-N"; a segment that did not get as far as its header is
/// moved or removed, and the one before is the last. Everything else that is
/// wrong stays as it is and is told. `known` are checkpoints that the log should
/// agree with, whose signatures were checked. kUnavailable or kResourceExhausted
/// if the disk fails.
Result<LogEnd> FindLogEnd(AuditFolder& folder, const std::vector<Checkpoint>& known);

}  // namespace surety
