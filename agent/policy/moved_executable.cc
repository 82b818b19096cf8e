#include "agent/policy/moved_executable.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "agent/policy/drift_rules.h"

namespace surety {
namespace {

constexpr std::string_view kShownAsDeleted = " (deleted)";  // proc_pid_exe(5)

std::string_view Name(std::string_view path) {
  if (path.ends_with(kShownAsDeleted)) path.remove_suffix(kShownAsDeleted.size());
  return path;
}

/// The executable's selectors of one side of a drift.
struct Side {
  std::vector<std::string_view> paths;
  bool trusted_path = false;
  bool hash = false;
  bool deleted = false;
  bool replaced = false;
  bool other = false;  // exe:memfd, exe:unhashed and what may come.

  void Add(const Selector& selector) {
    const std::string_view value = selector.value;
    const auto colon = value.find(':');
    const std::string_view kind = value.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? "" : value.substr(colon + 1);
    if (kind == "path" || kind == "claimed_path") {
      paths.push_back(rest);
      trusted_path |= kind == "path";
    } else if (kind == "sha256" || kind == "claimed_sha256") {
      hash = true;
    } else if (kind == "exe") {
      deleted |= rest == "deleted";
      replaced |= rest == "replaced";
      other |= rest != "deleted" && rest != "replaced";
    }
  }
};

bool SamePath(const Side& gained, const Side& lost) {
  if (gained.paths.empty() && lost.paths.empty()) return true;
  return gained.paths.size() == 1 && lost.paths.size() == 1 && !gained.trusted_path &&
         Name(gained.paths.front()) == Name(lost.paths.front());
}

bool HasHashOrSoonWill(const Attestation& seen) {
  const bool has = std::any_of(seen.selectors.begin(), seen.selectors.end(), [](const auto& item) {
    return item.type == "unix" &&
           (item.value.starts_with("sha256:") || item.value.starts_with("claimed_sha256:"));
  });
  return has || IsMissing({"unix", "sha256"}, seen.missing);
}

}  // namespace

std::optional<ExecutableMove> MovedExecutable(const Drift& drift, const Attestation& seen) {
  Side gained;
  Side lost;
  for (const Selector& selector : drift.gained)
    if (selector.type == "unix") gained.Add(selector);
  for (const Selector& selector : drift.lost)
    if (selector.type == "unix" && !IsMissing(selector, seen.missing)) lost.Add(selector);

  if (gained.hash || lost.hash || gained.other || lost.other || lost.deleted) return std::nullopt;
  if (!SamePath(gained, lost) || !HasHashOrSoonWill(seen)) return std::nullopt;
  if (lost.replaced || (gained.deleted && !gained.replaced)) return ExecutableMove::kDeleted;
  if (gained.replaced || !gained.paths.empty()) return ExecutableMove::kReplaced;
  return std::nullopt;
}

}  // namespace surety
