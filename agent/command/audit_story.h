#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/record/audit_record.h"
#include "surety/result.h"

namespace surety {

/// One turn of a process that differed from the one before.
struct StoryTurn {
  WallTime at;
  RecordedDecision decision;
  std::uint64_t repeated = 0;  ///< Turns after it that were the same.
};

struct StoryNotice {
  WallTime at;
  RecordedNotice notice;
};

/// What the log says of one process, bounded whatever it did: the first turns and
/// the last ones, and how many lie between.
struct AuditStory {
  std::string boot_id;
  RecordedDecision who;            ///< Its last decision.
  std::optional<StoryTurn> given;  ///< When it was first given an SVID.
  std::uint64_t minted = 0;        ///< X.509-SVIDs.
  std::uint64_t tokens = 0;        ///< JWT-SVIDs.
  std::optional<WallTime> last_minted;
  std::optional<WallTime> valid_until;  ///< Of the SVID that lives longest.
  std::vector<StoryTurn> first;         ///< At most 8.
  std::deque<StoryTurn> last;           ///< Those after, at most 24.
  std::uint64_t left_out = 0;           ///< Between the two.
  std::deque<StoryNotice> notices;      ///< That name it, its lineage or its SVIDs; at most 32.
};

/// Finds the process that `subject` means (a SPIFFE ID, a process id, a
/// decision's id) and collects its story from the log in `folder`. kNotFound if
/// the log has nothing of it, kInvalidArgument if it is none of the three; else
/// as of AuditReplay.
Result<AuditStory> CollectStory(const std::string& folder, const std::string& subject);

}  // namespace surety
