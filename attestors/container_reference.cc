#include "attestors/container_reference.h"

#include <string_view>

#include "attestors/cgroup_tree_kind.h"

namespace surety {
namespace {

using Reference = std::optional<ContainerReference>;

// A path is at most PATH_MAX; hosts have about a dozen hierarchies.
constexpr std::size_t kMaxCgroups = 256UL * 1024;

bool IsOutOfReach(const CgroupLine& line) {
  return line.path == "/.." || line.path.starts_with("/../");
}

Reference ReferenceIn(const CgroupLine& line, std::string_view path, uid_t maker) {
  const auto found = FindContainerCgroup(path);
  if (!found) return std::nullopt;
  return ContainerReference{std::string(found->id),
                            found->engine,
                            std::string(line.controllers),
                            std::string(found->path),
                            FindPodUid(found->path).value_or(""),
                            maker};
}

// Asks who made a path only where it names a container.
Result<Reference> FindIn(const std::vector<CgroupLine>& lines, CgroupTreeKind kind, bool by_root,
                         const CgroupMakersOf& makers) {
  for (const auto& line : lines) {
    if (KindOf(line) != kind || !FindContainerCgroup(line.path)) continue;
    const auto made = makers(line);
    if (!made) return made.error();
    auto found = by_root ? ReferenceIn(line, made->by_root, 0)
                         : ReferenceIn(line, made->by_user, made->user);
    if (found) return found;
  }
  return Reference();
}

Result<Reference> ReadOnce(const ProcessHandle& process, const CgroupMakersOf& makers) {
  const auto text = process.ReadFile("cgroup", kMaxCgroups);
  if (!text) return text.error();
  const auto lines = ParseCgroups(*text);
  if (!lines) return lines.error();
  return FindContainerReference(*lines, makers);
}

}  // namespace

Result<Reference> FindContainerReference(const std::vector<CgroupLine>& lines,
                                         const CgroupMakersOf& makers) {
  for (const bool by_root : {true, false}) {
    for (const CgroupTreeKind kind : kCgroupTreeKinds) {
      auto found = FindIn(lines, kind, by_root, makers);
      if (!found || *found) return found;
    }
  }
  for (const auto& line : lines) {
    if (IsOutOfReach(line))
      return Error(ErrorCode::kNotFound,
                   "its container cannot be told: suretyd runs in a cgroup namespace of its own, "
                   "and this process outside of it; start suretyd in the host's");
  }
  return Reference();
}

Result<Reference> ReadContainerReference(const ProcessHandle& process,
                                         const CgroupMakersOf& makers) {
  auto found = ReadOnce(process, makers);
  // Its cgroup was removed between two looks: then it is in another one.
  if (!found && found.error().code() == ErrorCode::kUnavailable) found = ReadOnce(process, makers);
  return found;
}

}  // namespace surety
