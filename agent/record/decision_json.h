#pragma once

#include <string>
#include <vector>

#include "agent/record/json_writer.h"
#include "agent/record/record_limits.h"
#include "surety/audit.h"

namespace surety {

/// Writes the members of a decision's record (docs/audit.md), without a brace
/// around them, and adds to `left_out` what the limits kept out. Pure but for that.
void WriteDecision(const AuditEvent& event, const RecordLimits& limits, JsonWriter& json,
                   LeftOut& left_out);

/// The process of a decision: what was attested of it that names it.
void WriteProcess(const AuditEvent& event, const RecordLimits& limits, JsonWriter& json,
                  LeftOut& left_out);

/// What was decided for one entry.
void WriteEntryDecision(const EntryDecision& entry, WallTime now, const RecordLimits& limits,
                        JsonWriter& json, LeftOut& left_out);

/// What drifted: the kinds of selector, sorted, each once.
std::vector<std::string> KindsOf(const Drift& drift);

/// An array of at most `limits.list` of the items, each written by `write(item)`.
template <typename Items, typename Write>
void WriteList(const Items& items, const RecordLimits& limits, JsonWriter& json, LeftOut& left_out,
               Write write) {
  json.BeginArray();
  std::size_t left = limits.list;
  for (const auto& item : items) {
    if (left-- == 0) {
      left_out.lists = true;
      break;
    }
    write(item);
  }
  json.EndArray();
}

}  // namespace surety
