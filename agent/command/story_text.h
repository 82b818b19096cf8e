#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "agent/command/audit_story.h"
#include "surety/clock.h"

namespace surety {

/// Tells a story on a page: who, what was given, what happened, what followed,
/// what can be done. What workloads chose is escaped.
void TellStory(const AuditStory& story, WallTime now, std::ostream& out);

/// What the reader can do about how the story ends, a sentence each.
std::vector<std::string> AdviceOn(const AuditStory& story);

/// What a decision asked for besides its verdict, in sentences.
std::vector<std::string> ObligationsInWords(const RecordedDecision& decision);

}  // namespace surety
