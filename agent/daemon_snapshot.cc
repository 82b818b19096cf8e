// What the daemon shows in its metrics, as its health and as its bundle: the rest of Daemon.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/daemon.h"
#include "agent/issuance/bundle_document.h"

namespace surety {
namespace {

SignerTimes TimesOf(const std::vector<AuthorityStatus>& signers) {
  const auto active = std::ranges::find(signers, "active", &AuthorityStatus::phase);
  if (active == signers.end()) return {};
  return {.not_after = active->not_after, .next_change = active->next_change};
}

void TellCrls(const CrlStatus& crls, MetricsSnapshot& out) {
  out.crl_next_update = out.status.hook.crl_next_update;
  for (const CrlStatus::Issuer& issuer : crls.issuers) {
    out.crl_number = std::max(out.crl_number, issuer.number);
    if (!out.crl_this_update || issuer.this_update < *out.crl_this_update)
      out.crl_this_update = issuer.this_update;
  }
}

}  // namespace

AuditLog& Daemon::Record() {
  if (metrics_) return metrics_->record();
  return *audit_;
}

Result<void> Daemon::ListenForMetrics() {
  if (!metrics_) return {};
  if (auto listening = metrics_->Listen(); !listening)
    return listening.error().Within("serving metrics");
  logger_->info("metrics are served at {}", metrics_->address());
  return {};
}

Result<void> Daemon::ServeMetrics() {
  if (!metrics_) return {};
  return metrics_->Serve([this] { return Snapshot(); });
}

// Asks each part as `surety status` does: nothing is counted a second time.
MetricsSnapshot Daemon::Snapshot() const {
  MetricsSnapshot out;
  out.status = Status();
  const std::uint32_t ready_turns = out.status.load.ready_turns;
  out.status.load = api_->Load();
  out.status.load.ready_turns = ready_turns;
  out.watcher = watcher_->Status();
  out.x509 = TimesOf(authority_->Status());
  out.jwt = TimesOf(token_keys_->Status());
  if (wit_keys_) out.wit = TimesOf(wit_keys_->Status());
  TellCrls(crls_->Status(), out);
  const AuditFileStatus audit = audit_file_->Status();
  out.audit_synced_sequence = audit.synced_seq;
  out.audit_unrecorded = audit.unrecorded;
  out.policies_taken = policy_.Status().last_error.empty();
  out.plugins = plugins_.Health();
  return out;
}

Seconds Daemon::RefreshHint() const {
  // An operator's CA is replaced by a restart, not by its age.
  Seconds life = config_.x509.ca_files ? config_.jwt.key_ttl
                                       : std::min(config_.x509.ca_ttl, config_.jwt.key_ttl);
  if (config_.wit.enabled) life = std::min(life, config_.wit.key_ttl);
  return RefreshHintFor(life);
}

Result<std::string> Daemon::BundleDocument() const {
  const auto wits = wit_keys_ ? wit_keys_->Bundles() : no_wit_keys_;
  return WriteBundleDocument(*crls_->Bundles(), *token_keys_->Bundles(), RefreshHint(), wits.get());
}

std::string Daemon::WhyNotServing() const {
  if (walk_hangs_) return "turns are not taken";
  if (audit_file_->Status().unrecorded > 0) return "the audit log cannot be written";
  const SignerTimes signer = TimesOf(authority_->Status());
  if (!signer.not_after || *signer.not_after <= clock_.Now().wall)
    return "no valid authority signs";
  return {};
}

void Daemon::ReportHealth() {
  std::string why = WhyNotServing();
  if (why == not_serving_) return;
  if (why.empty())
    logger_->info("the health service says SERVING again");
  else
    logger_->error("the health service says NOT_SERVING: {}", why);
  not_serving_ = std::move(why);
  api_->SetServing(not_serving_.empty());
}

}  // namespace surety
