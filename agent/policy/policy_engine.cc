#include "agent/policy/policy_engine.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/policy/facts.h"
#include "agent/policy/policy_folder.h"
#include "agent/policy/policy_source.h"
#include "agent/policy/set_revision.h"

namespace surety {

struct PolicyEngine::InForce {
  std::shared_ptr<const PolicySet> policies;
  std::string revision;
  std::optional<std::int64_t> folder_revision;
};

namespace {

std::map<std::string, Response> Enforced(const std::vector<Rule>& rules) {
  std::map<std::string, Response> out;
  for (const Rule& rule : rules)
    if (!rule.permits && !rule.monitored) out.emplace(rule.id, rule.response);
  return out;
}

/// False after telling that the folder's revision is not one to follow `memory`.
bool MayFollow(const PolicyMemory& memory, const std::optional<std::int64_t>& revision,
               const std::string& folder, Diagnostics& diagnostics) {
  if (folder.empty() || !memory.highest_revision) return true;
  const std::string highest = std::to_string(*memory.highest_revision);
  const std::string path = folder + "/" + std::string(kRevisionFile);
  FileDiagnostics errors(path, diagnostics);
  if (!revision) {
    errors.Error({}, "is missing, and revision " + highest + " was in force before",
                 "put it back; a folder that once had a revision keeps one");
    return false;
  }
  if (*revision < *memory.highest_revision) {
    errors.Error(
        {},
        "is revision " + std::to_string(*revision) + ", and " + highest + " was in force before",
        "use newer policies, or give these a revision of " + highest + " or more");
    return false;
  }
  return true;
}

}  // namespace

std::vector<PolicyStepBack> StepsBack(const PolicyMemory& before, const std::vector<Rule>& after,
                                      PolicyMode mode) {
  std::vector<PolicyStepBack> out;
  if (before.mode == PolicyMode::kEnforce && mode == PolicyMode::kMonitor)
    out.push_back({"mode.monitor", ""});
  for (const auto& [id, response] : before.enforced) {
    const auto rule = std::find_if(after.begin(), after.end(), [&id = id](const Rule& item) {
      return item.id == id && !item.permits;
    });
    if (rule == after.end()) {
      out.push_back({"policy.removed", id});
    } else if (rule->monitored) {
      out.push_back({"policy.monitor", id});
    } else if (rule->response < response) {
      out.push_back({"policy.weaker", id});
    }
  }
  return out;
}

std::shared_ptr<const PolicyEngine::InForce> PolicyEngine::Read(Diagnostics& diagnostics) const {
  auto read = ReadPolicies({settings_.folder, settings_.built_in}, diagnostics);
  if (!read) return nullptr;
  auto revision = RevisionOf(read->policies->texts(), NameOf(settings_.mode));
  return std::make_shared<const InForce>(
      InForce{std::move(read->policies), std::move(revision), read->folder_revision});
}

bool PolicyEngine::Remember(const InForce& next, PolicyLoad& load) {
  FileDiagnostics errors(settings_.memory_file, load.diagnostics);
  if (!memory_) {
    auto read =
        settings_.memory_file.empty() ? PolicyMemory{} : ReadPolicyMemory(settings_.memory_file);
    if (!read) {
      errors.Error({}, read.error().Text(),
                   "look at what happened to it; removing it forgets which policies were in force");
      return false;
    }
    memory_ = *std::move(read);
  }
  if (!MayFollow(*memory_, next.folder_revision, settings_.folder, load.diagnostics)) return false;
  const auto& rules = next.policies->rules();
  load.steps_back = StepsBack(*memory_, rules, settings_.mode);
  const PolicyMemory now{
      .highest_revision = std::max(memory_->highest_revision, next.folder_revision),
      .mode = settings_.mode,
      .enforced = Enforced(rules)};
  if (now != *memory_ && !settings_.memory_file.empty()) {
    if (const auto written = WritePolicyMemory(settings_.memory_file, now); !written) {
      errors.Error({}, written.error().Text(), "make room, and let suretyd write there");
      return false;
    }
  }
  memory_ = now;
  return true;
}

PolicyLoad PolicyEngine::Load() {
  const std::scoped_lock one_load(load_mutex_);
  PolicyLoad out;
  auto next = Read(out.diagnostics);
  if (next != nullptr && !Remember(*next, out)) next = nullptr;
  const WallTime now = clock_.Now().wall;

  const std::scoped_lock lock(mutex_);
  last_error_ = Summary(out.diagnostics);
  if (next != nullptr) {
    out.changed = in_force_ == nullptr || in_force_->revision != next->revision;
    out.replaced = next->policies->replaced();
    in_force_.swap(next);
    loaded_at_ = now;
  }
  if (in_force_ != nullptr) {
    out.revision = in_force_->revision;
    out.count = in_force_->policies->rules().size();
  }
  return out;
}

Decision PolicyEngine::Decide(const PolicyRequest& request) const {
  const auto present = Present();
  std::string facts = FactsOf(request);
  Decision out;
  if (present == nullptr) {
    out.verdict = Verdict::kUndecided;
    out.reason = "policy_missing";
  } else {
    out = present->policies->Decide(
        facts, settings_.mode,
        {.complete = request.seen.complete(), .entry_matched = request.entry != nullptr});
  }
  out.facts = std::move(facts);
  return out;
}

std::string PolicyEngine::revision() const {
  const auto present = Present();
  return present == nullptr ? "none" : present->revision;
}

PolicyStatus PolicyEngine::Status() const {
  const std::scoped_lock lock(mutex_);
  PolicyStatus out{.folder = settings_.folder,
                   .revision = "none",
                   .count = 0,
                   .mode = settings_.mode,
                   .folder_revision = {},
                   .loaded_at = loaded_at_,
                   .last_error = last_error_};
  if (in_force_ == nullptr) return out;
  out.revision = in_force_->revision;
  out.count = in_force_->policies->rules().size();
  out.folder_revision = in_force_->folder_revision;
  return out;
}

std::shared_ptr<const PolicyEngine::InForce> PolicyEngine::Present() const {
  const std::scoped_lock lock(mutex_);
  return in_force_;
}

}  // namespace surety
