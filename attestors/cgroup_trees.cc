#include "attestors/cgroup_trees.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "attestors/proc_file.h"

namespace surety {
namespace {

constexpr std::size_t kMaxMountInfo = 8UL << 20U;

UniqueFd OpenTree(const CgroupMount& mount) {
  UniqueFd root(::open(mount.mount_point.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct statfs system {};
  const auto expected = mount.unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  // Something else may be mounted over it.
  if (!root || ::fstatfs(root.get(), &system) != 0 || system.f_type != expected) return {};
  return root;
}

struct FolderOwner {
  uid_t uid = 0;
  bool alone = false;  // Nobody else can make names in it, but for root.
};

// nullopt, and errno, if the folder cannot be looked at.
std::optional<FolderOwner> OwnerOf(int root, const std::string& folder) {
  struct stat seen {};
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if (::fstatat(root, folder.c_str(), &seen, kFlags) != 0) return std::nullopt;
  return FolderOwner{seen.st_uid,
                     S_ISDIR(seen.st_mode) && (seen.st_mode & (S_IWGRP | S_IWOTH)) == 0};
}

bool IsOutOfReach(std::string_view path) { return path == "/.." || path.starts_with("/../"); }

}  // namespace

CgroupTrees CgroupTrees::OfHost() {
  const UniqueFd file(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  int error = 0;
  const auto text = file ? ReadProcFile(file.get(), kMaxMountInfo, false, error)
                         : Error(ErrorCode::kUnavailable, "/proc is not mounted");
  if (!text || !*text) return CgroupTrees({});
  const auto mounts = ParseCgroupMounts(**text);
  return CgroupTrees(mounts ? *mounts : std::vector<CgroupMount>());
}

CgroupTrees::CgroupTrees(const std::vector<CgroupMount>& mounts) {
  for (const auto& mount : mounts) {
    if (auto root = OpenTree(mount)) trees_.push_back({mount, std::move(root)});
  }
}

const CgroupTrees::Tree* CgroupTrees::Find(std::string_view controllers) const {
  for (const auto& tree : trees_) {
    if (tree.mount.Has(controllers)) return &tree;
  }
  return nullptr;
}

Result<std::string_view> CgroupTrees::RootMade(const CgroupLine& line) const {
  const auto made = Walk(line, false);
  if (!made) return made.error();
  return made->by_root;
}

Result<CgroupMakers> CgroupTrees::MadeBy(const CgroupLine& line) const { return Walk(line, true); }

Result<CgroupMakers> CgroupTrees::Walk(const CgroupLine& line, bool beyond_root) const {
  const std::string_view path = line.path;
  const Tree* const tree = Find(line.controllers);
  if (tree == nullptr || path == "/" || IsOutOfReach(path)) return CgroupMakers();
  CgroupMakers made{path, path};
  bool of_root = true;
  // The folder that ends at `end` is the one above the next name.
  for (std::size_t end = 0; end < path.size();
       end = std::min(path.size(), path.find('/', end + 1))) {
    const std::string folder(path.substr(std::min<std::size_t>(1, end), end == 0 ? 0 : end - 1));
    const auto owner = OwnerOf(tree->root.get(), folder);
    if (!owner)
      return Error(ErrorCode::kUnavailable,
                   "looking at the cgroup " + std::string(path) + ": " + std::strerror(errno));
    if (owner->alone && owner->uid == 0) continue;
    if (of_root) made.by_root = path.substr(0, end);
    if (of_root && owner->alone) made.user = owner->uid;
    of_root = false;
    if (beyond_root && owner->alone && owner->uid == made.user) continue;
    made.by_user = path.substr(0, end);
    break;
  }
  return made;
}

Result<std::uint64_t> CgroupTrees::InodeOf(std::string_view controllers,
                                           std::string_view path) const {
  const std::string folder(path.substr(std::min<std::size_t>(1, path.size())));
  struct stat seen {};
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  const Tree* const tree = Find(controllers);
  if (tree == nullptr || ::fstatat(tree->root.get(), folder.c_str(), &seen, kFlags) != 0)
    return Error(ErrorCode::kUnavailable,
                 "looking at the cgroup " + std::string(path) + ": " +
                     (tree == nullptr ? "its tree is not mounted" : std::strerror(errno)));
  return seen.st_ino;
}

}  // namespace surety
