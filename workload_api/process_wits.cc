// Streams of WIT-SVIDs: the rest of ProcessStreams.

#include <algorithm>
#include <utility>

#include "workload_api/grpc_status.h"
#include "workload_api/messages.h"
#include "workload_api/process_streams.h"

namespace surety {

ProcessStreams::Joined ProcessStreams::JoinForWits(std::shared_ptr<Call> call,
                                                   const std::optional<SpiffeId>& spiffe_id) {
  const std::lock_guard lock(mutex_);
  if (closed_ || !peer_.process->IsAlive()) return Joined::kGone;
  if (wit_streams_.size() >= kMostWitStreams) return Joined::kFull;
  const Call* const name = call.get();
  wit_streams_.emplace(name,
                       WitStream{.stream = {.call = std::move(call), .kind = StreamKind::kWitSvids},
                                 .spiffe_id = spiffe_id});
  lonely_since_.reset();
  return Joined::kYes;
}

void ProcessStreams::TakeWitDemand() {
  wit_asks_.clear();
  wit_names_.clear();
  for (auto& [name, one] : wit_streams_) {
    const auto at = std::ranges::find(wit_asks_, one.spiffe_id, &Session::WitAsk::spiffe_id);
    const auto place = static_cast<std::size_t>(at - wit_asks_.begin());
    if (at == wit_asks_.end()) {
      wit_asks_.push_back({.spiffe_id = one.spiffe_id});
      wit_names_.emplace_back();
    }
    if (!std::exchange(one.stream.asked, true)) ++wit_asks_[place].newcomers;
    wit_names_[place].push_back(name);
  }
}

// One that came during the turn is answered by the next.
void ProcessStreams::TellWits(const Session::Turn& turn, Moment now) {
  for (std::size_t i = 0; i < wit_names_.size(); ++i) {
    SharedMessage message;
    for (const Call* name : wit_names_[i]) {
      const auto at = wit_streams_.find(name);
      if (at == wit_streams_.end()) continue;
      Stream& stream = at->second.stream;
      if (turn.crowded && !stream.let_in) {
        stream.call->End(TooManyCalls());
        Erase(at);
        continue;
      }
      stream.let_in = true;
      // Where the turn was too crowded to begin, the next one answers.
      if (i < turn.wits.size() && !TellWit(at->second, turn.wits[i], message, now)) Erase(at);
    }
  }
}

bool ProcessStreams::TellWit(WitStream& one, const Session::WitAnswer& answer,
                             SharedMessage& message, Moment now) const {
  Stream& stream = one.stream;
  stream.undecided = answer.outcome.verdict != Verdict::kAllow;
  if (stream.undecided) return TellNo(stream, answer.outcome, times_.first_answer, now);
  if (one.told == answer.update) return true;
  if (!message) message = WitSvidMessage(*answer.update);
  stream.call->Send(*message);
  stream.last_push = now.wall;
  one.told = answer.update;
  return true;
}

void ProcessStreams::EndWits(const grpc::Status& status) {
  for (const auto& [name, one] : wit_streams_) one.stream.call->End(status);
  wit_streams_.clear();
}

void ProcessStreams::Erase(WitStreams::iterator at) {
  const Stream& stream = at->second.stream;
  if (stream.let_in) gate_.Closed(lineage_, stream.call->opened().boot, clock_.Now().boot);
  wit_streams_.erase(at);
}

}  // namespace surety
