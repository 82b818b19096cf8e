#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/record/segment_header.h"
#include "surety/audit.h"
#include "surety/result.h"

namespace surety {

// The records of docs/audit.md as values: what was written, read back. Fields
// that a record does not have are empty, so that older and newer logs can be read.

struct RecordedProcess {
  ProcessKey key;
  uid_t uid = 0;  ///< When it was looked at.
  gid_t gid = 0;
  std::string path;    ///< Of the executable; if it is only claimed, that.
  std::string sha256;  ///< Likewise.
  bool claimed = false;
};

struct RecordedEntry {
  std::string entry;      ///< Empty: no entry matched.
  std::string spiffe_id;  ///< Of the entry.
  Verdict verdict = Verdict::kRefuse;
  std::string reason;
  std::vector<std::string> policies;
  std::vector<std::string> observed;
  std::vector<std::string> errors;
  Obligations obligations;
  std::optional<IssuedSvid> issued;
  bool minted = false;
  std::optional<IssuedToken> token;
  std::string facts;  ///< JSON; empty if none were kept.
};

struct RecordedDecision {
  std::string id;
  Action action = Action::kIssue;
  Verdict verdict = Verdict::kRefuse;
  std::string reason;
  std::string policy_revision;
  RecordedProcess process;
  bool pinned = false;
  std::vector<std::string> scope;  ///< All selectors, where the process had no pinned scope.
  std::string lineage;
  std::string lineage_now;
  bool left_lineage = false;
  std::vector<Ancestor> ancestors;
  std::vector<std::string> drift_kinds;
  std::vector<std::string> gained;
  std::vector<std::string> lost;
  std::vector<std::string> missing;  ///< Kinds that could not be looked at.
  double risk = 0;
  std::vector<std::string> audiences;  ///< Of a call for tokens.
  std::vector<RecordedEntry> entries;
};

struct RecordedNotice {
  std::string what;
  NoticeSeverity severity = NoticeSeverity::kInfo;
  std::vector<std::pair<std::string, std::string>> details;
};

struct AuditRecord {
  std::uint64_t seq = 0;
  Moment at;
  std::string boot_id;
  std::variant<RecordedDecision, RecordedNotice, SegmentHeader> content;
};

/// Reads one line, without its newline, that AuditHasher found to be what was
/// written. kInvalidArgument if it is no record that this version knows.
Result<AuditRecord> ParseAuditRecord(std::string_view line);

}  // namespace surety
