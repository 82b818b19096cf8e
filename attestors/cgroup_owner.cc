#include "attestors/cgroup_owner.h"

#include <algorithm>
#include <array>

#include "attestors/cgroup_tree_kind.h"
#include "attestors/container_cgroup.h"
#include "attestors/printable.h"

namespace surety {
namespace {

using Owner = std::optional<CgroupOwner>;

Owner ContainerIn(const CgroupLine& /*line*/, std::string_view path) {
  const auto container = FindContainerCgroup(path);
  if (!container) return std::nullopt;
  return CgroupOwner{"container:" + std::string(container->id), LineageKind::kContainer};
}

Owner UnitIn(const CgroupLine& /*line*/, std::string_view path) {
  const std::string_view unit = FindUnit(path);
  if (unit.empty()) return std::nullopt;
  return CgroupOwner{"unit:" + Printable(unit), LineageKind::kUnit};
}

Owner CgroupIn(const CgroupLine& line, std::string_view path) {
  if (path.empty() || path == "/") return std::nullopt;
  std::string id = "cgroup:";
  if (!line.controllers.empty()) id += Printable(line.controllers) + ":";
  return CgroupOwner{id + Printable(path), LineageKind::kCgroup};
}

// What `look` finds first, asking who made a path only where it finds something.
Result<Owner> FindIn(const std::vector<CgroupLine>& lines, CgroupTreeKind kind,
                     Owner (*look)(const CgroupLine&, std::string_view),
                     const RootMadePart& root_made) {
  for (const auto& line : lines) {
    if (KindOf(line) != kind || !look(line, line.path)) continue;
    const auto made = root_made(line);
    if (!made) return made.error();
    if (auto owner = look(line, *made)) return owner;
  }
  return Owner();
}

}  // namespace

std::string_view FindUnit(std::string_view path) {
  while (!path.ends_with(".service") && !path.ends_with(".scope")) {
    const auto last = path.rfind('/');
    if (last == std::string_view::npos) return {};
    path = path.substr(0, last);
  }
  return path;
}

Result<Owner> FindCgroupOwner(const std::vector<CgroupLine>& lines, const RootMadePart& root_made) {
  struct Step {
    Owner (*look)(const CgroupLine&, std::string_view);
    CgroupTreeKind kind;
  };
  constexpr std::array<Step, 7> kSteps = {{{ContainerIn, CgroupTreeKind::kUnified},
                                           {ContainerIn, CgroupTreeKind::kNamed},
                                           {ContainerIn, CgroupTreeKind::kControllers},
                                           {UnitIn, CgroupTreeKind::kUnified},
                                           {UnitIn, CgroupTreeKind::kNamed},
                                           {CgroupIn, CgroupTreeKind::kUnified},
                                           {CgroupIn, CgroupTreeKind::kNamed}}};
  for (const auto& step : kSteps) {
    auto owner = FindIn(lines, step.kind, step.look, root_made);
    if (!owner || *owner) return owner;
  }
  return Owner();
}

}  // namespace surety
