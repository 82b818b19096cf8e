#include "attestors/plugin_attestor.h"

#include <algorithm>
#include <utility>

#include "attestors/boot_now.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using Answers = BackgroundLookup<ProcessKey, Attestation>;

constexpr std::size_t kRemembered = 16'384;

LookupTimes TimesOf(const PluginSettings& settings) {
  // Who was told to come again does so within five seconds (WalkRules).
  return {.fresh = milliseconds(1'000),
          .kept = milliseconds(1'000),
          .failed = milliseconds(250),
          .overdue = 4 * settings.timeout,
          .owed = milliseconds(6'000)};
}

Error Gone(const Peer& peer) {
  return {ErrorCode::kPeerGone,
          "process " + std::to_string(peer.process->key().pid) + " has exited"};
}

}  // namespace

PluginAttestor::PluginAttestor(std::shared_ptr<SupervisedPlugin> plugin,
                               std::shared_ptr<WorkerPool> pool, std::string boot_id,
                               Answers::Now now)
    : plugin_(std::move(plugin)),
      boot_id_(std::move(boot_id)),
      answers_("asking the plug-in", std::move(pool), TimesOf(plugin_->settings()), kRemembered,
               std::move(now)) {}

Result<Attestation> PluginAttestor::Attest(const Peer& peer, BootTime deadline) const {
  if (!peer.process->IsAlive()) return Gone(peer);
  if (const auto failure = plugin_->failure()) return Lacking(*failure);
  const ProcessKey key = peer.process->key();
  const auto left = std::max(BootClock::duration::zero(), deadline - BootNow());
  auto answer = answers_.Get(
      key, peer.uid, std::min<BootClock::duration>(left, kPatience),
      [&]() -> Result<Answers::Compute> {
        return Answers::Compute(
            [plugin = plugin_, question = PluginQuestion{key, boot_id_, peer.uid, peer.gid}](
                const std::stop_token&) { return plugin->Ask(question); });
      });
  if (!peer.process->IsAlive()) return Gone(peer);
  if (!answer) return Lacking(answer.error());
  for (MissingFact& fact : answer->missing) fact.optional = optional();
  return *std::move(answer);
}

void PluginAttestor::Forget(const Peer& peer) const {
  answers_.Forget(peer.process->key(), peer.uid);
}

Attestation PluginAttestor::Lacking(const Error& why) const {
  // An answer that is still to come is worth a moment, also to those who need none.
  const bool failed = why.code() != ErrorCode::kUnavailable || plugin_->failure();
  Attestation nothing;
  nothing.missing.push_back({std::string(name()), why, optional() && failed});
  return nothing;
}

}  // namespace surety
