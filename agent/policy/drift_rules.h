#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/attestor.h"
#include "surety/scope.h"

namespace surety {

/// What of a drift counts. All lists are sorted, each item once.
struct DriftJudgement {
  std::vector<std::string> jumps;     ///< Kinds that count: gained power, or another sort of it.
  std::vector<std::string> harmless;  ///< Kinds that changed and do not count.
  std::vector<std::string> classes;   ///< What sort of change the jumps are: "executable".
  /// The executable has another name, or none, because another file took its place
  /// on disk; the process runs what it ran before.
  bool replaced = false;
  bool operator==(const DriftJudgement&) const = default;
};

/// Judges what changed between the pinned scope of a process and now, as the table of
/// docs/policy.md says: which kinds count by which direction, which never do on
/// their own, and what a removed or replaced executable is. A kind that could not
/// be looked at now has not changed, as far as is known; whether that is enough is
/// for a policy to say. `drift` is what differs between the scope and `seen`; `pins`
/// are those of the entry: absent, all kinds count but the volatile ones. Pure.
DriftJudgement JudgeDrift(const Drift& drift, const Attestation& seen,
                          const std::optional<std::vector<std::string>>& pins);

/// The class of a kind that counts: "executable", "user", "capability", "namespace",
/// "container", "cgroup", "tracer", "environment", "label" or "other".
std::string_view DriftClassOf(std::string_view kind);

/// Whether a fact of this selector is missing, so that its absence means nothing.
bool IsMissing(const Selector& selector, const std::vector<MissingFact>& missing);

/// How the drift of a kind counts on its own.
enum class DriftDirection {
  kAny,     ///< Any change.
  kGained,  ///< What is there now and was not.
  kLost,    ///< What was there and is not now.
};

/// One row of the table.
struct DriftRule {
  std::string_view kind;  ///< "unix:uid"; a bare type, "docker", stands for all of its kinds.
  DriftDirection direction;
  std::string_view drift_class;
  /// Volatile: counts only together with this kind, or where an entry pins it by name.
  std::string_view only_with = {};
};

/// The table: all kinds that have a row of their own. For tests and documentation.
const std::vector<DriftRule>& DriftRules();

}  // namespace surety
