// Questions about tokens of other trust domains: the rest of ProcessStreams.

#include <utility>

#include "workload_api/process_streams.h"

namespace surety {

ProcessStreams::Joined ProcessStreams::JoinForForeignToken(std::shared_ptr<Call> call,
                                                           ForeignTokenAnswer answer) {
  const std::lock_guard lock(mutex_);
  if (counts_.at(IndexOf(StreamKind::kForeignTokens)) >= kMostTokenCalls) return Joined::kFull;
  return JoinLocked({.call = std::move(call),
                     .kind = StreamKind::kForeignTokens,
                     .believed = std::make_unique<ForeignTokenAnswer>(std::move(answer))});
}

// Whoever may have the bundle may also have a token judged by it.
void ProcessStreams::AnswerAboutToken(const Stream& stream, const Session::Turn& turn) {
  const TrustDomain& trust_domain = stream.believed->trust_domain;
  if (turn.token_bundle_update->jwk_sets.contains(trust_domain.name()))
    return stream.call->Reply(stream.believed->reply);
  stream.call->End({grpc::StatusCode::INVALID_ARGUMENT,
                    "there is no bundle of " + trust_domain.IdText() +
                        " for this process: none of its entries federates with it"});
}

}  // namespace surety
