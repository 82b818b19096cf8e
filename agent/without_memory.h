#pragma once

#include "surety/sanction.h"
#include "surety/standing.h"
#include "surety/watcher.h"

namespace surety {

/// Remembers no lineage and counts nothing.
class WithoutHistory final : public History {
 public:
  Result<Standing> Look(const Peer& /*peer*/, Moment /*now*/) override { return Standing{}; }
  void Count(const Standing& /*standing*/, const ProcessKey& /*process*/, Happening /*what*/,
             std::string_view /*spiffe_id*/, Moment /*now*/) override {}
  void Suspect(const std::string& /*lineage*/, std::string_view /*signal*/,
               Moment /*now*/) override {}
};

/// Takes nothing away: whoever decides orders nothing of the sort.
class WithoutSanctions final : public Sanctions {
 public:
  void Given(const Peer& /*peer*/, const Standing& /*standing*/,
             const std::vector<IssuedSvid>& /*svids*/) override {}
  Result<void> Revoke(const Sentence& /*sentence*/, RevocationReason /*reason*/,
                      Moment /*now*/) override {
    return {};
  }
  Result<void> Quarantine(const Sentence& /*sentence*/, std::optional<Seconds> /*duration*/,
                          Moment /*now*/) override {
    return {};
  }
};

/// Follows nothing: changes are found at the next turn.
class WithoutWatcher final : public Watcher {
 public:
  void Follow(std::shared_ptr<const ProcessHandle> /*process*/) override {}
  [[nodiscard]] WakeMode mode() const override { return WakeMode::kSweep; }
  [[nodiscard]] WatcherStatus Status() const override { return {}; }
};

}  // namespace surety
