#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "attestors/ancestry.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// The parents of processes, as CountOwn wants them. A chain is read thoroughly
/// once, link by link through handles, and then only checked: as long as a
/// process's parent has the same pid it is the same parent, because a child gets a
/// new one before the pid of the old one is free, and only one that is older than
/// both. Thread-safe.
class AncestorChains {
 public:
  struct Chain {
    std::vector<Link> links;  ///< The process itself first.
    bool whole = false;       ///< False: cut at the length that was asked for.
  };

  /// `self` is the daemon's pid. Its own ancestors, whose chains end here, are read
  /// now, and again when it has another parent.
  AncestorChains(std::shared_ptr<ProcessOpener> processes, pid_t self);

  /// At most `most` links. kPeerGone: the process has exited. kUnavailable: the
  /// chain changed faster than it could be read. kResourceExhausted: no
  /// descriptors. Others as of ProcessHandle::ReadFile.
  Result<std::shared_ptr<const Chain>> Read(const ProcessHandle& process, std::size_t most);

 private:
  using Keys = std::unordered_set<ProcessKey>;

  [[nodiscard]] std::shared_ptr<const Chain> FindUnchanged(const ProcessHandle& process,
                                                           std::size_t most);
  [[nodiscard]] Result<std::shared_ptr<const Keys>> OwnAncestors();
  void ForgetAll();  // With mutex_ held.

  const std::shared_ptr<ProcessOpener> processes_;
  const pid_t self_;
  std::mutex mutex_;
  std::unordered_map<ProcessKey, std::shared_ptr<const Chain>> chains_;  // By mutex_.
  std::size_t links_ = 0;                                                // By mutex_: put in.
  std::shared_ptr<const Keys> own_;                                      // By mutex_.
  pid_t own_parent_ = -1;                                                // By mutex_.
};

}  // namespace surety
