#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "surety/selector.h"

namespace surety {

/// What selectors say of a process, by name. Borrows the selectors' texts.
struct ProcessFacts {
  std::optional<std::uint64_t> uid;
  std::optional<std::uint64_t> gid;
  std::optional<std::string_view> user;
  std::optional<std::string_view> group;
  std::optional<std::string_view> path;
  std::optional<std::string_view> claimed_path;
  std::optional<std::string_view> sha256;
  std::optional<std::string_view> label;
  std::optional<std::string_view> cgroup;  ///< In the v2 tree.
  bool no_new_privs = false;
  bool memfd = false;
  bool deleted = false;
  bool replaced = false;
  bool unhashed = false;
  bool traced = false;
  std::optional<std::uint64_t> tracer_uid;
  std::string_view container = "unknown";  ///< "none", "some" or "unknown".
  std::vector<std::string_view> capabilities;
  std::vector<const Selector*> preloads;  ///< Of kind unix:env.
};

/// Reads the selectors of types "unix" and "cgroup" that docs/configuration.md lists;
/// others are left to the policies, which see all selectors. Pure. `selectors`
/// outlive what is returned.
ProcessFacts ReadProcessFacts(const SelectorSet& selectors);

}  // namespace surety
