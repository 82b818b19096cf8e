// Streams of secrets: the rest of ProcessStreams.

#include <algorithm>
#include <utility>

#include "workload_api/grpc_status.h"
#include "workload_api/process_streams.h"
#include "workload_api/secret_messages.h"

namespace surety {
namespace {

StreamKind KindOf(const SecretExchange& exchange) {
  return exchange.demand().WantsSvids() ? StreamKind::kSvidSecrets : StreamKind::kBundleSecrets;
}

}  // namespace

ProcessStreams::Joined ProcessStreams::JoinForSecrets(std::shared_ptr<Call> call,
                                                      SecretSubscription subscription) {
  const StreamKind kind = KindOf(subscription.exchange);
  const std::lock_guard lock(mutex_);
  if (counts_.at(IndexOf(StreamKind::kSvidSecrets)) +
          counts_.at(IndexOf(StreamKind::kBundleSecrets)) >=
      kMostSecretStreams)
    return Joined::kFull;
  return JoinLocked({.call = std::move(call),
                     .kind = kind,
                     .secrets = std::make_unique<SecretSubscription>(std::move(subscription))});
}

bool ProcessStreams::HearSecrets(const Call& call, const SecretRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto at = streams_.find(&call);
  if (at == streams_.end()) return false;
  Stream& stream = at->second;
  SecretSubscription& secrets = *stream.secrets;
  const auto turn_away = [&] {
    EndSecrets(stream, {ErrorCode::kResourceExhausted, "too many requests for secrets"});
    Erase(at);
    return false;
  };
  const BootTime now = clock_.Now().boot;
  if (!secrets.requests.Take(now)) return turn_away();
  const auto heard = secrets.exchange.Hear(request);
  if (heard.refused) secrets.report.Refused(peer_, secrets.node, *request.error);
  if (!heard.asks) return false;
  if (!changed_demands_.Take(now)) return turn_away();
  // The turn that may be under way was not asked for these.
  stream.asked = false;
  --counts_.at(IndexOf(stream.kind));
  stream.kind = KindOf(secrets.exchange);
  ++counts_.at(IndexOf(stream.kind));
  if (std::ranges::find(unserved_, &call) == unserved_.end()) unserved_.push_back(&call);
  return true;
}

bool ProcessStreams::TellSecrets(Stream& stream, const Session::Turn& turn, Moment now) {
  SecretSubscription& secrets = *stream.secrets;
  const bool with_svids = stream.kind == StreamKind::kSvidSecrets;
  auto chosen = with_svids ? ChooseSecrets(secrets.exchange.demand(), turn.svid_update->svids,
                                           turn.svid_update->bundles)
                           : ChooseSecrets(secrets.exchange.demand(), {}, turn.bundle_update);
  if (!chosen) {
    EndSecrets(stream, chosen.error());
    return false;
  }
  if (!secrets.exchange.IsDue(*chosen)) return true;
  stream.last_push = now.wall;
  if (secrets.once) {
    stream.call->Reply(SecretsMessage(*chosen, {}));
    return false;
  }
  const std::string nonce = secrets.exchange.Send(*chosen);
  stream.call->Send(SecretsMessage(*chosen, nonce));
  return true;
}

void ProcessStreams::EndSecrets(Stream& stream, const Error& error) {
  stream.secrets->report.Ended(peer_, stream.secrets->node, error.Text());
  stream.call->End(StatusOf(error));
}

}  // namespace surety
