#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "attestors/background_lookup.h"
#include "attestors/supervised_plugin.h"
#include "attestors/worker_pool.h"
#include "surety/attestor.h"

namespace surety {

/// What a program of the operator's says of a process (surety/attestor_plugin.h), as
/// selectors of the type that the operator chose.
///
/// Asked in the background: the first look at a process waits `kPatience` and then says
/// that the answer is missing; a later one has it. An answer holds for a second, which is
/// less than lies between two rotations; for six where somebody was told to come again. Everything
/// that is no sound answer is a missing fact of the whole type. Where the plug-in is optional, that
/// holds up those entries alone which have a selector of its type (surety/attestor.h).
class PluginAttestor final : public Attestor {
 public:
  /// How long one Attest may wait for an answer.
  static constexpr std::chrono::milliseconds kPatience{5};

  PluginAttestor(std::shared_ptr<SupervisedPlugin> plugin, std::shared_ptr<WorkerPool> pool,
                 std::string boot_id, BackgroundLookup<ProcessKey, Attestation>::Now now);

  [[nodiscard]] std::string_view name() const override { return plugin_->settings().name; }
  [[nodiscard]] bool optional() const override { return !plugin_->settings().required; }
  Result<Attestation> Attest(const Peer& peer, BootTime deadline) const override;
  void Forget(const Peer& peer) const override;

 private:
  [[nodiscard]] Attestation Lacking(const Error& why) const;

  const std::shared_ptr<SupervisedPlugin> plugin_;
  const std::string boot_id_;
  mutable BackgroundLookup<ProcessKey, Attestation> answers_;
};

}  // namespace surety
