#include "workload_api/process_streams.h"

#include <algorithm>
#include <utility>

#include "workload_api/grpc_status.h"
#include "workload_api/messages.h"

namespace surety {
namespace {

constexpr std::array<StreamKind, kStreamKinds> kKinds = {
    StreamKind::kX509Svids,    StreamKind::kX509Bundles, StreamKind::kJwtBundles,
    StreamKind::kWitBundles,   StreamKind::kSvidSecrets, StreamKind::kBundleSecrets,
    StreamKind::kForeignTokens};

bool WantsSvids(StreamKind kind) {
  return kind == StreamKind::kX509Svids || kind == StreamKind::kSvidSecrets;
}

std::string_view MethodOf(StreamKind kind) {
  switch (kind) {
    case StreamKind::kX509Svids: return "FetchX509SVID";
    case StreamKind::kX509Bundles: return "FetchX509Bundles";
    case StreamKind::kJwtBundles: return "FetchJWTBundles";
    case StreamKind::kWitBundles: return "FetchWITBundles";
    case StreamKind::kWitSvids: return "FetchWITSVID";
    case StreamKind::kSvidSecrets:
    case StreamKind::kBundleSecrets: return "StreamSecrets";
    case StreamKind::kForeignTokens: return "ValidateJWTSVID";
  }
  return "unknown";
}

const Session::Outcome& OutcomeFor(StreamKind kind, const Session::Turn& turn) {
  return WantsSvids(kind) ? turn.svids : turn.bundles;
}

std::shared_ptr<const void> UpdateFor(StreamKind kind, const Session::Turn& turn) {
  switch (kind) {
    case StreamKind::kX509Svids:
    case StreamKind::kSvidSecrets: return turn.svid_update;
    case StreamKind::kX509Bundles:
    case StreamKind::kBundleSecrets: return turn.bundle_update;
    case StreamKind::kJwtBundles:
    case StreamKind::kForeignTokens: return turn.token_bundle_update;
    case StreamKind::kWitBundles: return turn.wit_bundle_update;
    case StreamKind::kWitSvids: break;
  }
  return nullptr;
}

grpc::ByteBuffer MessageFor(StreamKind kind, const Session::Turn& turn) {
  switch (kind) {
    case StreamKind::kX509Svids: return X509SvidMessage(*turn.svid_update);
    case StreamKind::kX509Bundles: return X509BundlesMessage(*turn.bundle_update);
    case StreamKind::kWitBundles: return WitBundlesMessage(*turn.wit_bundle_update);
    default: break;
  }
  return JwtBundlesMessage(*turn.token_bundle_update);
}

}  // namespace

ProcessStreams::Joined ProcessStreams::Join(std::shared_ptr<Call> call, StreamKind kind) {
  const std::lock_guard lock(mutex_);
  return JoinLocked({.call = std::move(call), .kind = kind});
}

ProcessStreams::Joined ProcessStreams::JoinLocked(Stream stream) {
  if (closed_ || !peer_.process->IsAlive()) return Joined::kGone;
  const Call* const name = stream.call.get();
  unserved_.push_back(name);
  ++counts_.at(IndexOf(stream.kind));
  streams_.emplace(name, std::move(stream));
  lonely_since_.reset();
  return Joined::kYes;
}

void ProcessStreams::Leave(const Call& call) {
  const std::lock_guard lock(mutex_);
  if (const auto at = streams_.find(&call); at != streams_.end()) Erase(at);
  if (const auto at = token_calls_.find(&call); at != token_calls_.end()) Erase(at);
  if (const auto at = wit_streams_.find(&call); at != wit_streams_.end()) Erase(at);
}

std::optional<BootTime> ProcessStreams::Take(Moment now) {
  Session::Demand demand;
  {
    const std::lock_guard lock(mutex_);
    if (Idle() && !session_.held_until()) return WithoutStreams(now);
    demand = TakeDemand();
  }
  auto turn = session_.Step(now, demand);
  const std::lock_guard lock(mutex_);
  if (!turn) {
    closed_ = true;
    for (const auto& [name, stream] : streams_) stream.call->End(StatusOf(turn.error()));
    streams_.clear();
    EndTokens(StatusOf(turn.error()));
    EndWits(StatusOf(turn.error()));
    return std::nullopt;
  }
  held_ids_ = session_.held_ids();
  lineage_ = session_.lineage();
  Admit(*turn);
  Tell(*turn, now);
  TellTokens(*turn, now);
  TellWits(*turn, now);
  if (Idle()) {
    const auto end = WithoutStreams(now);
    return end && turn->next ? std::min(*end, *turn->next) : end;
  }
  const BootTime next = turn->next.value_or(now.boot);
  next_turn_ = now.wall + (next - now.boot);
  return next;
}

Session::Demand ProcessStreams::TakeDemand() {
  Session::Demand demand{
      .svids = Count({StreamKind::kX509Svids, StreamKind::kSvidSecrets}) > 0,
      .bundles = Count({StreamKind::kX509Bundles, StreamKind::kJwtBundles, StreamKind::kWitBundles,
                        StreamKind::kBundleSecrets, StreamKind::kForeignTokens}) > 0,
      .newcomers = 0};
  std::erase_if(unserved_, [this](const Call* name) { return !streams_.contains(name); });
  for (const Call* name : unserved_) {
    Stream& stream = streams_.at(name);
    if (!std::exchange(stream.asked, true) && !stream.let_in) newcomers_.push_back(name);
  }
  demand.newcomers = static_cast<std::uint32_t>(newcomers_.size());
  TakeTokenDemand();
  demand.tokens = token_asks_;
  TakeWitDemand();
  demand.wits = wit_asks_;
  return demand;
}

std::size_t ProcessStreams::Count(std::initializer_list<StreamKind> kinds) const {
  std::size_t count = 0;
  for (const StreamKind kind : kinds) count += counts_.at(IndexOf(kind));
  return count;
}

void ProcessStreams::Admit(const Session::Turn& turn) {
  for (const Call* name : std::exchange(newcomers_, {})) {
    const auto at = streams_.find(name);
    if (at == streams_.end()) continue;
    at->second.let_in = !turn.crowded;
    if (!turn.crowded) continue;
    at->second.call->End(TooManyCalls());
    Erase(at);
  }
}

void ProcessStreams::Erase(Streams::iterator at) {
  const Stream& stream = at->second;
  --counts_.at(IndexOf(stream.kind));
  if (stream.let_in) gate_.Closed(lineage_, stream.call->opened().boot, clock_.Now().boot);
  streams_.erase(at);
}

// What the process holds waits for its next stream and can be taken away, until it
// has expired or the process has gone.
std::optional<BootTime> ProcessStreams::WithoutStreams(Moment now) {
  if (!lonely_since_) lonely_since_ = now.boot;
  const auto held_until = session_.held_until();
  const BootTime end = held_until.value_or(*lonely_since_ + times_.linger_refused);
  if (now.boot < end && peer_.process->IsAlive()) return end;
  closed_ = true;
  return std::nullopt;
}

bool ProcessStreams::AllKnow(const Session::Turn& turn) const {
  return std::ranges::all_of(kKinds, [&](StreamKind kind) {
    return counts_.at(IndexOf(kind)) == 0 || (OutcomeFor(kind, turn).verdict == Verdict::kAllow &&
                                              told_.at(IndexOf(kind)) == UpdateFor(kind, turn));
  });
}

void ProcessStreams::Tell(const Session::Turn& turn, Moment now) {
  std::vector<const Call*> names = std::exchange(unserved_, {});
  if (!AllKnow(turn)) {
    names.clear();
    for (const auto& [name, stream] : streams_) names.push_back(name);
  }
  std::array<SharedMessage, kKinds.size()> messages;
  for (const Call* name : names) {
    const auto at = streams_.find(name);
    if (at == streams_.end()) continue;
    Stream& stream = at->second;
    const Session::Outcome& outcome = OutcomeFor(stream.kind, turn);
    // One that joined during the turn is answered by the next.
    if (!stream.asked) {
      unserved_.push_back(name);
      continue;
    }
    const bool no = outcome.verdict != Verdict::kAllow;
    stream.undecided = no;
    if (no && !TellNo(stream, outcome, times_.first_answer, now)) {
      Erase(at);
      continue;
    }
    if (no && Owes(stream)) {
      unserved_.push_back(name);
      continue;
    }
    if (!TellNews(stream, turn, messages.at(IndexOf(stream.kind)), now)) Erase(at);
  }
  for (const StreamKind kind : kKinds)
    if (auto update = UpdateFor(kind, turn)) told_.at(IndexOf(kind)) = std::move(update);
}

// False if the stream has to end.
bool ProcessStreams::TellNews(Stream& stream, const Session::Turn& turn, SharedMessage& message,
                              Moment now) {
  const auto update = UpdateFor(stream.kind, turn);
  if (!update || (!Owes(stream) && told_.at(IndexOf(stream.kind)) == update)) return true;
  if (stream.secrets) return TellSecrets(stream, turn, now);
  if (stream.believed) {
    AnswerAboutToken(stream, turn);
    return false;
  }
  if (!message) message = MessageFor(stream.kind, turn);
  stream.call->Send(*message);
  stream.last_push = now.wall;
  return true;
}

bool ProcessStreams::Owes(const Stream& stream) {
  return stream.secrets ? stream.secrets->exchange.owed() : !stream.last_push;
}

bool ProcessStreams::TellNo(Stream& stream, const Session::Outcome& outcome,
                            BootClock::duration patience, Moment now) {
  if (outcome.verdict == Verdict::kRefuse) {
    stream.call->End({grpc::StatusCode::PERMISSION_DENIED, outcome.reason}, outcome.decision);
    return false;
  }
  if (stream.last_push || now.boot - stream.call->opened().boot < patience) return true;
  stream.call->End({grpc::StatusCode::UNAVAILABLE, outcome.reason}, outcome.decision);
  return false;
}

std::vector<SessionStatus> ProcessStreams::Describe() const {
  const std::lock_guard lock(mutex_);
  std::vector<SessionStatus> all;
  all.reserve(streams_.size() + wit_streams_.size());
  for (const auto& [name, stream] : streams_) {
    all.push_back(StatusFor(stream));
    if (WantsSvids(stream.kind)) all.back().spiffe_ids = held_ids_;
  }
  for (const auto& [name, one] : wit_streams_) {
    all.push_back(StatusFor(one.stream));
    if (!one.told) continue;
    for (const auto& svid : one.told->svids) all.back().spiffe_ids.push_back(svid->id.Text());
  }
  return all;
}

SessionStatus ProcessStreams::StatusFor(const Stream& stream) const {
  SessionStatus status;
  status.pid = peer_.process->key().pid;
  status.uid = peer_.uid;
  status.method = MethodOf(stream.kind);
  status.state = stream.undecided ? "undecided" : stream.last_push ? "served" : "waiting";
  status.opened_at = stream.call->opened().wall;
  status.last_push = stream.last_push;
  status.next_turn = next_turn_;
  return status;
}

}  // namespace surety
