#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "attestors/exe_hasher.h"
#include "attestors/exe_path.h"
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
///
/// Thread-safe. Nothing here waits for a file system: files are looked at with
/// statx(2) and AT_STATX_DONT_SYNC, everything else is done by workers.
class ExeFacts {
 public:
  /// `host` outlives this.
  ExeFacts(const HostView& host, const ExeHashLimits& limits,
           const BackgroundLookup<std::string, bool>::Now& now);

  /// `exe` is process.OpenExecutable()'s. `on_host`: the process is in the host's
  /// user namespace; nullopt: it could not be told, so neither can these.
  /// What is worked out in the background is waited for until `patience_end` at
  /// most. kPeerGone, and no other Error.
  Result<void> Add(const ProcessHandle& process, int exe, std::optional<bool> on_host, uid_t share,
                   BootTime patience_end, Findings& findings);

 private:
  void AddPath(int exe, const FileFacts& file, bool on_host, uid_t share, BootTime patience_end,
               Findings& findings);
  Result<void> AddHash(const ProcessHandle& process, int exe, const FileFacts& file, bool on_host,
                       uid_t share, BootTime patience_end, Findings& findings);

  const HostView& host_;
  MountTrust mounts_;
  PathCheck paths_;
  ExeHasher hasher_;
};

}  // namespace surety
