#pragma once

#include <string>
#include <string_view>

#include "surety/audit.h"
#include "surety/result.h"

namespace surety {

// What the records are made of, between head and hash (audit_line.h). Built
// without any lock, on the thread that decides. All text is escaped and bounded:
// whatever a workload chose, the line is JSON on one line.

/// Above this a record leaves out what can be: first the facts of its entries,
/// then all but the beginning of texts and lists; its "cut" says so.
inline constexpr std::size_t kUsualRecord = std::size_t{128} << 10;

/// The members of a decision's record. kResourceExhausted if even the cut one
/// would not fit into a line, which takes thousands of entries for one process.
Result<std::string> DecisionBody(const AuditEvent& event, std::string_view boot_id);

/// The members of a notice. Details whose name comes again are numbered ("x#2").
std::string NoticeBody(const AuditNotice& notice, std::string_view boot_id);

/// When and in which life of the machine: the members "time", "boot_ns", "boot_id".
void AppendTimes(std::string& out, const Moment& at, std::string_view boot_id);

}  // namespace surety
