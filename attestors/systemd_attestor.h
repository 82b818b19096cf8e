#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/background_lookup.h"
#include "attestors/cgroup_owner.h"
#include "attestors/systemd_units.h"
#include "attestors/worker_pool.h"
#include "surety/attestor.h"

namespace surety {

inline constexpr std::string_view kSystemBus = "/run/dbus/system_bus_socket";

/// What is known of cgroups on this host; CgroupTrees, unless a test puts it in.
struct CgroupLook {
  RootMadePart root_made;
  std::function<Result<std::uint64_t>(std::string_view controllers, std::string_view path)> inode;
  static CgroupLook OfHost();
};

struct SystemdAttestorOptions {
  std::string bus{kSystemBus};              ///< Socket of the system bus.
  std::chrono::milliseconds timeout{2000};  ///< For one answer of systemd's.
  /// How long one Attest may wait for an answer.
  std::chrono::milliseconds patience{5};
};

/// Whether systemd is the init of this host (sd_booted(3)) and has a bus on which it
/// can be asked. Where it has none, all units would be unknown for ever.
bool CanAskSystemd(const std::string& bus = std::string(kSystemBus));

/// The systemd unit that a process runs in. Selectors of type "systemd":
///
///   id:web.service           as systemd calls it, and not an alias
///   fragment_path:/etc/…     its unit file; none for a unit without
///   slice:system.slice
///   invocation_id:<32 hex>   of this start of the unit
///   user_unit:UID:app.service
///                            in the manager of that user: his own word, for he can
///                            make any cgroup there and move his processes
///
/// The first two are spelled as SPIRE's systemd workload attestor does. Which unit:
/// the kernel says the cgroup, of whose path only the part counts that root made;
/// systemd says over D-Bus what it knows of that cgroup, and that it is this unit's
/// own. A process in none, or in a cgroup that systemd does not know, has none of
/// these selectors. Where there is no answer all but those that follow from none are
/// missing.
///
/// An answer holds for two seconds, for the cgroup that it was asked of (told by its
/// inode) and for processes that began before it was asked, so that it never speaks
/// of an earlier start of the unit.
class SystemdAttestor final : public Attestor {
 public:
  explicit SystemdAttestor(const SystemdAttestorOptions& options);
  /// With its surroundings put in, for tests.
  SystemdAttestor(const SystemdAttestorOptions& options, UnitQuestion ask, CgroupLook cgroups,
                  const std::function<BootTime()>& now);

  [[nodiscard]] std::string_view name() const override { return "systemd"; }
  [[nodiscard]] std::vector<std::string> selector_kinds() const override;
  Result<Attestation> Attest(const Peer& peer, BootTime deadline) const override;
  void Forget(const Peer& peer) const override;

 private:
  struct Place;
  struct Answer {
    std::optional<UnitFacts> unit;
    BootTime asked;
  };
  using Lookup = BackgroundLookup<std::string, Answer>;

  [[nodiscard]] Result<std::optional<Place>> FindPlace(const ProcessHandle& process) const;
  [[nodiscard]] Result<std::optional<UnitFacts>> UnitOf(const Peer& peer, const Place& place,
                                                        BootTime patience_end) const;
  [[nodiscard]] Result<Answer> Ask(const Peer& peer, const Place& place,
                                   BootTime patience_end) const;

  const SystemdAttestorOptions options_;
  const UnitQuestion ask_;
  const CgroupLook cgroups_;
  const std::function<BootTime()> now_;
  // A cache: asking it does not change what is answered.
  mutable Lookup units_;
};

}  // namespace surety
