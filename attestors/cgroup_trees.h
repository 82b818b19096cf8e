#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "attestors/cgroup_mounts.h"
#include "attestors/proc_text.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Who can have made the path of a cgroup. Both parts are from its beginning.
struct CgroupMakers {
  std::string_view by_root;  ///< As CgroupTrees::RootMade.
  /// What root and one user alone can have made: to where the folders of that user
  /// end, whom root gave the last of `by_root`. Equal to it if nobody was given one.
  std::string_view by_user;
  uid_t user = 0;  ///< That user; 0 if there is none.
};

/// The cgroup trees of the host, held by their roots, to see who can have made a
/// cgroup. A name is root's if every folder above it belongs to root and can be
/// written by nobody else: then root made it, even if it was given away since, as
/// a user's manager or a container's cgroup is. What whoever got it makes below is
/// not root's. Constant after construction, thread-safe; looks at nothing but the
/// kernel's own file systems.
class CgroupTrees {
 public:
  /// Opens what the mount table of the daemon lists. Trees that are not mounted, or
  /// only in part, are not known: nothing in them counts as root's.
  static CgroupTrees OfHost();
  /// Opens these; one that is not a cgroup file system is left out.
  explicit CgroupTrees(const std::vector<CgroupMount>& mounts);

  /// The part of line.path, from its beginning, that is root's. Empty if none is
  /// or none can be: an unknown tree, a path out of the daemon's cgroup namespace,
  /// the root cgroup. kUnavailable if the path is not there (any more).
  [[nodiscard]] Result<std::string_view> RootMade(const CgroupLine& line) const;

  /// The inode of a cgroup's folder, which tells it from a later one of the same
  /// path. kUnavailable if the path is not there (any more), or the tree not known.
  [[nodiscard]] Result<std::uint64_t> InodeOf(std::string_view controllers,
                                              std::string_view path) const;

  /// As RootMade, and how far a user made what follows.
  [[nodiscard]] Result<CgroupMakers> MadeBy(const CgroupLine& line) const;

 private:
  struct Tree {
    CgroupMount mount;
    UniqueFd root;  // O_PATH.
  };
  [[nodiscard]] const Tree* Find(std::string_view controllers) const;
  /// Without `beyond_root` it ends where root's part does, and by_user means nothing.
  [[nodiscard]] Result<CgroupMakers> Walk(const CgroupLine& line, bool beyond_root) const;

  std::vector<Tree> trees_;
};

}  // namespace surety
