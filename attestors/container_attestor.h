#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/engine_dialect.h"
#include "attestors/engine_lookup.h"
#include "attestors/host_view.h"
#include "surety/attestor.h"

namespace surety {

struct ContainerAttestorOptions {
  std::vector<EngineSocket> sockets;
  bool env = false;  ///< Make selectors of environment variables.
  EngineLookupLimits lookup;
  /// How long one Attest may wait for what is worked out in the background.
  std::chrono::milliseconds patience{5};
};

/// What container engines say of the container that a process is in: Docker's and
/// Podman's attestors, which differ in how the engine is asked. Selectors, of type
/// "docker" or "podman"; spelled as SPIRE's docker workload attestor does where it
/// has them:
///
///   label:KEY:VALUE              of the container
///   env:NAME=VALUE               its environment as configured, if switched on
///   image_id:web:1.2             the image as it was named when the container was made
///   image_config_digest:sha256:… of the image's configuration
///   image_digest:sha256:…        of its manifest, where the engine knows it, else as above
///   name:web                     of the container
///   pod_id, pod_name, pod_label  podman only: of its pod
///
/// and of type "k8s", by CRI; spelled as SPIRE's k8s workload attestor does:
///
///   ns, pod-name, pod-uid, pod-label:KEY:VALUE   of its pod
///   container-name, container-label:KEY:VALUE    of the container
///   container-image:web:1.2                      as it was named when it was made
///   container-image-digest:sha256:…              of what was pulled, else the image's id
///
/// Of a rootless engine, which is a user's own program and says what he wants, each
/// is made as rootless_uid:UID:label:KEY:VALUE and so on, and rootless_uid:UID
/// besides: an entry for root's containers never matches a user's.
///
/// A process is in a container if its cgroup names it, in a name that only the
/// owner of the engine can have made; the engine of this owner says that it runs
/// (engine_lookup.h); its first process is in this very cgroup; and our process
/// shares its mount namespace or is in a pid namespace of the container's, as
/// processes are that "exec" starts. Of a rootless engine's, it is in a user
/// namespace that the owner made. docs/containers.md gives the reasons.
class ContainerAttestor final : public Attestor {
 public:
  ContainerAttestor(const EngineDialect& dialect, const ContainerAttestorOptions& options,
                    const HostView& host, const std::shared_ptr<ProcessOpener>& processes,
                    CgroupMakersOf makers);

  [[nodiscard]] std::string_view name() const override { return dialect_.name; }
  [[nodiscard]] std::vector<std::string> selector_kinds() const override;
  Result<Attestation> Attest(const Peer& peer, BootTime deadline) const override;
  /// What the engines said of the container that it is in now.
  void Forget(const Peer& peer) const override;

 private:
  using Container = EngineLookup::Container;

  /// Null: in none of ours.
  [[nodiscard]] Result<Container> Identify(const ProcessHandle& process,
                                           BootTime patience_end) const;
  [[nodiscard]] Result<Container> AskEngines(const ContainerReference& reference,
                                             BootTime patience_end) const;
  [[nodiscard]] Result<bool> IsIn(const RunningContainer& container, const ProcessHandle& process,
                                  const ContainerReference& reference) const;
  [[nodiscard]] Result<void> CheckOutside(const ProcessHandle& process) const;
  [[nodiscard]] Result<bool> IsMadeBy(const ProcessHandle& process, uid_t uid) const;
  [[nodiscard]] bool MayKnow(const ContainerReference& reference) const;
  [[nodiscard]] SelectorSet SelectorsOf(const RunningContainer& container) const;

  const EngineDialect& dialect_;
  const bool env_;
  const std::chrono::milliseconds patience_;
  const Namespaces host_;
  const CgroupMakersOf makers_;
  // Caches: asking them does not change what is answered.
  std::vector<std::unique_ptr<EngineLookup>> engines_;
};

}  // namespace surety
