// What the daemon shows in its metrics: the rest of Daemon.

#include <algorithm>

#include "agent/daemon.h"

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
  TellCrls(crls_->Status(), out);
  const AuditFileStatus audit = audit_file_->Status();
  out.audit_synced_sequence = audit.synced_seq;
  out.audit_unrecorded = audit.unrecorded;
  out.policies_taken = policy_.Status().last_error.empty();
  out.plugins = plugins_.Health();
  return out;
}

}  // namespace surety
