#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "attestors/exe_hasher.h"
#include "attestors/exe_path.h"
#include "attestors/exe_replaced.h"
#include "attestors/file_identity.h"
#include "attestors/findings.h"
#include "attestors/host_view.h"
#include "attestors/mount_trust.h"
#include "surety/process.h"

namespace surety {

/// The running executable: unix:path, unix:sha256, unix:exe.
///
/// Path and hash are evidence only where the kernel vouches for them; else they
/// are spelled claimed_path and claimed_sha256, so that no entry on the one can
/// be met by the other:
///   - in another user namespace than the host's, whoever is root there may name
///     any file as the executable (prctl(2), PR_SET_MM_MAP);
///   - a path that does not lead to this file on the host was given to it by
///     whoever made the mount namespace;
///   - a deleted file has no path: what it was called is a claim.
/// `exe:deleted` or `exe:memfd` stands for a file without a name, `exe:unhashed`
/// for one whose hash would prove nothing (see ExeHasher and MountTrust).
/// `exe:replaced` comes with `exe:deleted` where the old name leads to another
/// file that only root can have put there (ReplacedCheck): a package was upgraded.
///
/// Thread-safe. Nothing here waits for a file system: files are looked at with
/// statx(2) and AT_STATX_DONT_SYNC, everything else is done by workers.
class ExeFacts {
 public:
  /// What one look at a process found.
  struct Look {
    const ProcessHandle& process;
    int exe = -1;    ///< process.OpenExecutable()'s.
    FileFacts file;  ///< LookAtFile's of it, with MountIdKind::kUnique.
    /// The process is in the host's user namespace; nullopt: it could not be told,
    /// so neither can the facts here.
    std::optional<bool> on_host;
    std::optional<bool> in_container;  ///< Namespaces::InContainer.
    uid_t share = 0;                   ///< For whose account work is done.
    BootTime patience_end{};           ///< For what is worked out in the background.
  };

  /// `host` outlives this.
  ExeFacts(const HostView& host, const ExeHashLimits& limits,
           const BackgroundLookup<std::string, bool>::Now& now);

  /// kPeerGone, and no other Error.
  Result<void> Add(const Look& look, Findings& findings);

  /// Drops for `share` what is remembered of this file under the names it has now.
  void Forget(int exe, const FileFacts& file, uid_t share);

 private:
  void AddPath(const Look& look, bool on_host, Findings& findings);
  void AddDeleted(const Look& look, std::string name, Findings& findings);
  Result<void> AddHash(const Look& look, bool on_host, Findings& findings);

  const HostView& host_;
  MountTrust mounts_;
  PathCheck paths_;
  ReplacedCheck replaced_;
  ExeHasher hasher_;
};

}  // namespace surety
