#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/record/audit_record.h"

namespace surety {

/// A record on one line, for people; without a newline. What workloads chose is
/// escaped.
std::string RecordText(const AuditRecord& record);

/// RFC 3339 to the millisecond: "2026-11-23T23:32:01.042Z".
std::string MillisecondText(WallTime time);

/// "serial=0f lineage=login:7", escaped.
std::string DetailsText(const RecordedNotice& notice);

/// The SPIFFE IDs of a decision, each once, with commas; "-" if there is none.
std::string SpiffeIdsText(const RecordedDecision& decision);

/// `items` with ", " between them.
std::string Joined(const std::vector<std::string>& items);

/// "allowed", "refused", "challenged", "left undecided".
std::string_view Participle(Verdict verdict);

}  // namespace surety
