#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "surety/scheduler.h"
#include "surety/session.h"

namespace surety {

/// What the turns of a sink's process have come to.
struct SinkNews {
  bool gone = false;  ///< The process has exited; no more comes.
  Verdict verdict = Verdict::kUndecided;
  std::string reason = {};
  std::shared_ptr<const SvidUpdate> update = {};  ///< If allowed.
};

/// The newest news, from turns, which may not wait, to a sink, which writes files.
/// Thread-safe.
class SinkInbox {
 public:
  void Put(SinkNews news);
  /// Those that came since the last call, which it waits `patience` for.
  std::optional<SinkNews> Take(std::chrono::milliseconds patience, const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any come_;
  std::optional<SinkNews> news_;
};

/// Has one process attested and decided about as if it held a stream of SVIDs, by the
/// same Session. What is new goes to the inbox.
class SinkTurn final : public ScheduledTurn {
 public:
  SinkTurn(const WalkParts& walk, const WalkRules& rules, Peer peer,
           std::shared_ptr<SinkInbox> inbox);
  SinkTurn(const SinkTurn&) = delete;
  SinkTurn& operator=(const SinkTurn&) = delete;
  ~SinkTurn() override;

  std::optional<BootTime> Take(Moment now) override;
  [[nodiscard]] ProcessKey process() const override { return peer_.process->key(); }
  [[nodiscard]] uid_t share() const override { return peer_.uid; }

 private:
  void Tell(const Session::Outcome& outcome, const std::shared_ptr<const SvidUpdate>& update);

  CallGate& gate_;
  const Clock& clock_;
  const WalkRules rules_;
  const Peer peer_;
  const BootTime opened_;
  const std::shared_ptr<SinkInbox> inbox_;
  // Of the turn alone.
  Session session_;
  bool let_in_ = false;  // By the gate, which is to be told of the end.
  std::optional<SinkNews> told_;
};

}  // namespace surety
