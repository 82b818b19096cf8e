#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/policy/rule.h"
#include "agent/policy/verdict.h"
#include "surety/result.h"

namespace surety {

/// What must be remembered of the policies that were in force, so that a restart of
/// the daemon hides no step back.
struct PolicyMemory {
  std::optional<std::int64_t> highest_revision;  ///< Of revision.toml, ever accepted.
  std::optional<PolicyMode> mode;                ///< Absent: nothing was ever in force.
  std::map<std::string, Response> enforced;      ///< Of the forbids not in monitor mode, by id.
  bool operator==(const PolicyMemory&) const = default;
};

/// Reads what was remembered; nothing, if there is no such file. kDataLoss if it cannot
/// be understood, kPermissionDenied if others could have written it or it cannot be read.
Result<PolicyMemory> ReadPolicyMemory(const std::string& path);

/// Replaces the file as a whole (mode 0600), on disk before it returns; a death in
/// between leaves the old one. kUnavailable if that fails.
Result<void> WritePolicyMemory(const std::string& path, const PolicyMemory& memory);

}  // namespace surety
