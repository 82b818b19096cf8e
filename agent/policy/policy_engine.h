#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/policy/policy_memory.h"
#include "agent/policy/policy_set.h"
#include "surety/clock.h"
#include "surety/policy.h"

namespace surety {

/// Where the policies come from and what they may do.
struct PolicySettings {
  std::string folder;                     ///< Of "*.cedar" files; empty: the built-in policy alone.
  BuiltIn built_in = BuiltIn::kReplaced;  ///< Where there is a folder.
  PolicyMode mode = PolicyMode::kEnforce;
  std::string memory_file;  ///< Where steps back are noticed by; empty: by nothing.
};

/// Something that has less force than before: for the record, with high severity.
struct PolicyStepBack {
  /// "mode.monitor"; of a forbid "policy.monitor", "policy.weaker" (its response is) or
  /// "policy.removed".
  std::string what;
  std::string id;  ///< Of the policy; empty for the mode.
  bool operator==(const PolicyStepBack&) const = default;
};

/// What came of one load.
struct PolicyLoad {
  bool changed = false;     ///< Another set is in force than before.
  std::string revision;     ///< In force after the load, whether it succeeded or not.
  std::size_t count = 0;    ///< Policies in force.
  Diagnostics diagnostics;  ///< With errors the load failed and nothing changed.
  std::vector<PolicyStepBack> steps_back;
  std::vector<std::string> replaced;  ///< Built-in policies that the operator's replace.
  [[nodiscard]] bool ok() const { return !diagnostics.has_errors(); }
};

/// What an operator is told.
struct PolicyStatus {
  std::string folder;  ///< Empty: built-in.
  std::string revision;
  std::size_t count = 0;
  PolicyMode mode = PolicyMode::kEnforce;
  std::optional<std::int64_t> folder_revision;  ///< Of revision.toml.
  std::optional<WallTime> loaded_at;            ///< Of the last load that succeeded.
  std::string last_error;                       ///< Of the last load; empty if it succeeded.
};

/// The Policy of the daemon: Cedar, built in or an operator's. A load takes effect as a
/// whole or not at all: if anything is wrong the last good set stays in force. Before
/// the first load that succeeds everything is undecided ("policy_missing").
///
/// revision.toml of the folder, once seen, may stay or rise, and not go away: a folder
/// with a lower one is refused (attack row 53). Steps back are told by comparing with
/// the memory file, so also across restarts; it is written before a set takes effect.
///
/// Thread-safe. Decide waits for no load: it takes the set in force, and a load builds
/// the next one beside it.
class PolicyEngine final : public Policy {
 public:
  /// Borrows the clock.
  PolicyEngine(PolicySettings settings, const Clock& clock)
      : settings_(std::move(settings)), clock_(clock) {}

  /// Reads the folder again.
  PolicyLoad Load();

  [[nodiscard]] Decision Decide(const PolicyRequest& request) const override;
  [[nodiscard]] std::string revision() const override;
  [[nodiscard]] PolicyStatus Status() const;

 private:
  struct InForce;

  [[nodiscard]] std::shared_ptr<const InForce> Present() const;
  [[nodiscard]] std::shared_ptr<const InForce> Read(Diagnostics& diagnostics) const;
  bool Remember(const InForce& next, PolicyLoad& load);

  const PolicySettings settings_;
  const Clock& clock_;

  std::mutex load_mutex_;               // Held for a whole load, so that loads take turns.
  std::optional<PolicyMemory> memory_;  // By load_mutex_; read at the first load.

  mutable std::mutex mutex_;  // Held for copies only. Guards what follows.
  std::shared_ptr<const InForce> in_force_;
  std::optional<WallTime> loaded_at_;
  std::string last_error_;
};

/// What had more force `before` than in `after`, a set under `mode`. Pure.
std::vector<PolicyStepBack> StepsBack(const PolicyMemory& before, const std::vector<Rule>& after,
                                      PolicyMode mode);

}  // namespace surety
