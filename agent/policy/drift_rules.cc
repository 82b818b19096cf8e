#include "agent/policy/drift_rules.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "agent/policy/moved_executable.h"

namespace surety {
namespace {

using Missing = std::vector<MissingFact>;
using Pins = std::optional<std::vector<std::string>>;

constexpr std::string_view kDeletedClass = "deleted";

struct Change {
  bool gained = false;
  bool lost = false;
};
using Changes = std::map<std::string, Change, std::less<>>;

/// The kind under which a fact is missing, or pinned, that has two spellings.
std::string_view PlainKind(std::string_view kind) {
  if (kind == "unix:claimed_path") return "unix:path";
  if (kind == "unix:claimed_sha256") return "unix:sha256";
  return kind;
}

std::string_view TypeOf(std::string_view kind) { return kind.substr(0, kind.find(':')); }

const DriftRule& RuleOf(std::string_view kind) {
  static const DriftRule kOther{"", DriftDirection::kAny, "other"};
  const auto& rules = DriftRules();
  const auto row = std::find_if(rules.begin(), rules.end(), [&](const DriftRule& rule) {
    return rule.kind == kind || rule.kind == TypeOf(kind);
  });
  return row == rules.end() ? kOther : *row;
}

bool Counts(DriftDirection direction, const Change& change) {
  switch (direction) {
    case DriftDirection::kAny: return true;
    case DriftDirection::kGained: return change.gained;
    case DriftDirection::kLost: return change.lost;
  }
  return true;
}

bool IsNamed(std::string_view kind, const Pins& pins) {
  return pins && std::find(pins->begin(), pins->end(), kind) != pins->end();
}

bool IsPinned(std::string_view kind, const Pins& pins) {
  return !pins || IsNamed(kind, pins) || IsNamed(PlainKind(kind), pins) ||
         IsNamed(TypeOf(kind), pins);
}

Changes ChangesOf(const Drift& drift, const Missing& missing) {
  Changes out;
  for (const Selector& selector : drift.gained) out[selector.Kind()].gained = true;
  for (const Selector& selector : drift.lost)
    if (!IsMissing(selector, missing)) out[selector.Kind()].lost = true;
  return out;
}

/// Collects what is found, in the form that leaves.
class Findings {
 public:
  explicit Findings(const Pins& pins) : pins_(pins) {}

  void Jump(std::string_view kind, std::string_view drift_class) {
    jumps_.emplace(kind);
    classes_.emplace(drift_class);
  }
  void Harmless(std::string_view kind) { harmless_.emplace(kind); }

  void Judge(std::string_view kind, const Change& change, const Changes& all) {
    const DriftRule& rule = RuleOf(kind);
    const auto other = all.find(rule.only_with);
    const bool is_volatile = !rule.only_with.empty() && !IsNamed(kind, pins_) &&
                             (other == all.end() || !Counts(rule.direction, other->second));
    if (!is_volatile && IsPinned(kind, pins_) && Counts(rule.direction, change)) {
      Jump(kind, rule.drift_class);
    } else {
      Harmless(kind);
    }
  }

  /// The executable was removed and nothing took its place.
  void Deleted() {
    if (IsPinned("unix:exe", pins_)) {
      Jump("unix:exe", kDeletedClass);
    } else if (IsPinned("unix:path", pins_)) {
      Jump("unix:path", kDeletedClass);
    }
  }

  DriftJudgement Finish() && {
    DriftJudgement out;
    out.jumps.assign(jumps_.begin(), jumps_.end());
    out.classes.assign(classes_.begin(), classes_.end());
    std::set_difference(harmless_.begin(), harmless_.end(), jumps_.begin(), jumps_.end(),
                        std::back_inserter(out.harmless));
    return out;
  }

 private:
  const Pins& pins_;
  std::set<std::string> jumps_;
  std::set<std::string> harmless_;
  std::set<std::string> classes_;
};

}  // namespace

const std::vector<DriftRule>& DriftRules() {
  using enum DriftDirection;
  static const std::vector<DriftRule> kRules{
      {"unix:path", kAny, "executable"},
      {"unix:sha256", kAny, "executable"},
      {"unix:claimed_path", kAny, "executable"},
      {"unix:claimed_sha256", kAny, "executable"},
      {"unix:exe", kAny, "executable"},
      {"unix:uid", kAny, "user"},
      {"unix:gid", kAny, "user"},
      {"unix:user", kAny, "user", "unix:uid"},
      {"unix:group", kAny, "user", "unix:gid"},
      {"unix:supplementary_gid", kGained, "user"},
      {"unix:supplementary_group", kGained, "user", "unix:supplementary_gid"},
      {"unix:cap", kGained, "capability"},
      {"unix:userns_cap", kGained, "capability"},
      {"unix:no_new_privs", kLost, "capability"},
      {"unix:ns", kAny, "namespace"},
      {"unix:pidns", kAny, "namespace"},
      {"unix:userns", kAny, "namespace"},
      {"unix:container", kAny, "container"},
      {"unix:traced", kGained, "tracer"},
      {"unix:tracer_uid", kGained, "tracer"},
      {"unix:env", kGained, "environment"},
      {"unix:lsm", kAny, "label"},
      {"cgroup", kAny, "cgroup"},
      {"systemd", kAny, "cgroup", "cgroup:path"},
      {"docker", kAny, "container"},
      {"podman", kAny, "container"},
      {"k8s", kAny, "container"},
  };
  return kRules;
}

std::string_view DriftClassOf(std::string_view kind) { return RuleOf(kind).drift_class; }

bool IsMissing(const Selector& selector, const Missing& missing) {
  if (missing.empty()) return false;
  std::string kind = selector.Kind();
  // One that could not be told is missing under the name of the host's.
  if (kind == "unix:userns_cap") kind = "unix:cap";
  const std::string_view plain = PlainKind(kind);
  return std::any_of(missing.begin(), missing.end(), [&](const MissingFact& fact) {
    return fact.kind == plain || fact.kind == selector.type;
  });
}

DriftJudgement JudgeDrift(const Drift& drift, const Attestation& seen, const Pins& pins) {
  if (drift.empty()) return {};
  Changes changes = ChangesOf(drift, seen.missing);
  Findings findings(pins);
  const auto moved = MovedExecutable(drift, seen);
  if (moved) {
    for (const auto* kind : {"unix:path", "unix:claimed_path", "unix:exe"})
      if (changes.erase(kind) != 0) findings.Harmless(kind);
    if (*moved == ExecutableMove::kDeleted) findings.Deleted();
  }
  for (const auto& [kind, change] : changes) findings.Judge(kind, change, changes);
  DriftJudgement out = std::move(findings).Finish();
  out.replaced = moved == ExecutableMove::kReplaced;
  return out;
}

}  // namespace surety
