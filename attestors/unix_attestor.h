#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/account_names.h"
#include "attestors/environment_facts.h"
#include "attestors/exe_facts.h"
#include "attestors/exe_hasher.h"
#include "attestors/findings.h"
#include "attestors/host_view.h"
#include "attestors/proc_text.h"
#include "attestors/tracer.h"
#include "attestors/tracer_memory.h"
#include "surety/attestor.h"

namespace surety {

struct UnixAttestorOptions {
  ExeHashLimits hash;
  /// How long one Attest may wait for what is worked out in the background.
  std::chrono::milliseconds patience{5};
  /// With more supplementary groups than this, they are reported as missing.
  std::size_t max_groups = 1024;
  AccountDatabase accounts = AccountDatabase::System();
  RealUidOfThread real_uid_of = ReadRealUidOfThread;
  /// Who was told of by events; null where nobody listens to them.
  std::shared_ptr<const TracerMemory> tracers{};
};

/// What the kernel knows of a process. Selectors of type "unix":
///
///   uid:N gid:N              effective ids, as the daemon's user namespace sees
///                            them, read now and not at connect()
///   user:NAME group:NAME     their names; none if they have no name
///   supplementary_gid:N      and supplementary_group:NAME
///   path:/abs/path           and sha256:<64 hex> of the running executable
///   claimed_path:/abs/path   and claimed_sha256:<64 hex>: what the process shows
///                            but the kernel does not vouch for (exe_facts.h);
///                            never enough to tell a process by
///   exe:deleted|memfd        the executable has no name (any more)
///   exe:replaced             with exe:deleted: its name is another file of root's now
///   exe:unhashed             its hash would prove nothing (exe_hasher.h)
///   ns:<kind>:<inode>        cgroup ipc mnt net pid time user uts
///   pidns:host|other         the same as the host's (host_view.h), or not
///   userns:host|other
///   container:none|some      see Namespaces::InContainer
///   cap:<name>               each effective capability: cap:net_admin, cap:41.
///   userns_cap:<name>        in another user namespace than the host's, where
///                            it has no power over the host and anyone can have it
///   traced:true              a debugger is attached, or was (tracer_memory.h)
///   tracer_uid:N             with it: the debugger's real uid, as the daemon sees it
///   env:LD_PRELOAD           and others of loader_variables.h: set at the start of
///                            the program; env:unread: too long an environment
///   no_new_privs             set (prctl(2))
///   lsm:<label>              of AppArmor, SELinux or Smack
///
/// The first line and paths are spelled as SPIRE's unix workload attestor does.
/// Text that is not printable is escaped (printable.h).
///
/// Answers are of one executable: if it changes while the rest is read, all is
/// read again, so that no mixture of before and after an execve(2) is reported.
class UnixAttestor final : public Attestor {
 public:
  UnixAttestor(UnixAttestorOptions options, HostView host);

  [[nodiscard]] std::string_view name() const override { return "unix"; }
  [[nodiscard]] std::vector<std::string> selector_kinds() const override;
  Result<Attestation> Attest(const Peer& peer, BootTime deadline) const override;
  /// The hash, path and environment of what it runs now; the names of its ids.
  void Forget(const Peer& peer) const override;

 private:
  /// nullopt: the executable changed meanwhile.
  [[nodiscard]] Result<std::optional<Attestation>> LookOnce(const Peer& peer,
                                                            BootTime patience_end) const;
  [[nodiscard]] Result<void> AddStatus(const Peer& peer, ProcessStatus status,
                                       std::optional<bool> on_host, BootTime patience_end,
                                       Findings& findings) const;
  void AddFormerTracer(const ProcessHandle& process, Findings& findings) const;
  void AddNames(const ProcessStatus& status, uid_t share, BootTime patience_end,
                Findings& findings) const;

  const UnixAttestorOptions options_;
  const HostView host_;
  // Caches: asking them does not change what is answered.
  mutable AccountNames names_;
  mutable ExeFacts exe_;
  mutable EnvironmentFacts environment_;
};

}  // namespace surety
