#include "agent/sinks/sink_turn.h"

#include <utility>

namespace surety {
namespace {

// When the lineage's calls are too many.
constexpr std::chrono::milliseconds kCrowdedPause{1'000};

}  // namespace

void SinkInbox::Put(SinkNews news) {
  {
    const std::lock_guard lock(mutex_);
    news_ = std::move(news);
  }
  come_.notify_one();
}

std::optional<SinkNews> SinkInbox::Take(std::chrono::milliseconds patience,
                                        const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  come_.wait_for(lock, stop, patience, [this] { return news_.has_value(); });
  return std::exchange(news_, std::nullopt);
}

SinkTurn::SinkTurn(const WalkParts& walk, const WalkRules& rules, Peer peer,
                   std::shared_ptr<SinkInbox> inbox)
    : gate_(walk.gate),
      clock_(walk.clock),
      rules_(rules),
      peer_(std::move(peer)),
      opened_(walk.clock.Now().boot),
      inbox_(std::move(inbox)),
      session_(walk, rules, peer_) {}

SinkTurn::~SinkTurn() {
  if (let_in_) gate_.Closed(session_.lineage(), opened_, clock_.Now().boot);
}

std::optional<BootTime> SinkTurn::Take(Moment now) {
  const auto turn = session_.Step(now, {.svids = true, .newcomers = let_in_ ? 0U : 1U});
  if (!turn) {
    inbox_->Put({.gone = true, .reason = turn.error().Text()});
    return std::nullopt;
  }
  if (turn->crowded) return now.boot + kCrowdedPause;
  let_in_ = true;
  Tell(turn->svids, turn->svid_update);
  // Whoever was refused is looked at again, as whoever comes again would be.
  return turn->next.value_or(now.boot + rules_.recheck);
}

void SinkTurn::Tell(const Session::Outcome& outcome,
                    const std::shared_ptr<const SvidUpdate>& update) {
  if (told_ && told_->verdict == outcome.verdict && told_->reason == outcome.reason &&
      told_->update == update)
    return;
  told_ = {.verdict = outcome.verdict, .reason = outcome.reason, .update = update};
  inbox_->Put(*told_);
}

}  // namespace surety
