#include "agent/sinks/sink.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace surety {
namespace {

constexpr std::chrono::milliseconds kTick{500};

std::string SubjectText(const SinkSubject& subject) {
  if (!subject.unit.empty()) return "unit " + subject.unit;
  if (!subject.container.empty()) return "container " + subject.container;
  return "uid " + std::to_string(*subject.uid) +
         (subject.exe.empty() ? "" : " running " + subject.exe);
}

std::vector<std::string> EnvironmentOf(const SinkSettings& settings) {
  return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "SURETY_SINK=" + settings.name,
          "SURETY_SINK_FOLDER=" + settings.folder.path + "/" + SinkFolder::kLink};
}

SinkStatus FirstStatus(const SinkSettings& settings) {
  SinkStatus status;
  status.name = settings.name;
  status.subject = SubjectText(settings.subject);
  status.folder = settings.folder.path;
  status.state = "no process";
  return status;
}

}  // namespace

Sink::Sink(SinkSettings settings, SinkParts parts, const SinkTimes& times)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      times_(times),
      reloader_(settings_.reload, EnvironmentOf(settings_), parts_.unit_reload),
      status_(FirstStatus(settings_)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Sink::~Sink() { Stop(); }

void Sink::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  Unfollow();
}

SinkStatus Sink::Status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Sink::Run(const std::stop_token& stop) {
  parts_.logger->info("sink {}: keeps files in {} for {}", settings_.name, settings_.folder.path,
                      SubjectText(settings_.subject));
  // Until a process is found, nothing comes here.
  inbox_ = std::make_shared<SinkInbox>();
  while (!stop.stop_requested()) {
    if (Now() >= look_at_) LookForProcess(stop);
    if (auto news = inbox_->Take(kTick, stop)) Heed(*std::move(news));
    if (IsDue(remove_)) Remove();
    if (IsDue(write_)) Write();
    if (IsDue(reload_)) Reload(stop);
  }
}

void Sink::LookForProcess(const std::stop_token& stop) {
  auto found = parts_.search(stop);
  look_at_ = Now() + times_.no_process;
  const std::string failure = found ? std::string() : found.error().Text();
  if (failure != search_failure_ && !stop.stop_requested()) {
    if (!failure.empty())
      parts_.logger->warn("sink {}: looking for its process: {}", settings_.name, failure);
    search_failure_ = failure;
    const std::lock_guard lock(mutex_);
    status_.last_error = failure;
  }
  if (!found || !*found) return;
  look_at_ = Now() + times_.same_process;
  if (peer_ && peer_->process->key() == (*found)->process->key()) return;
  Unfollow();
  Follow(**std::move(found));
}

void Sink::Follow(Peer peer) {
  parts_.logger->info("sink {}: its process is {} of uid {}", settings_.name,
                      peer.process->key().pid, peer.uid);
  SetState("asking");
  {
    const std::lock_guard lock(mutex_);
    status_.pid = peer.process->key().pid;
    status_.uid = peer.uid;
  }
  peer_ = peer;
  // One of its own, so that nothing of another process's is taken for this one's.
  inbox_ = std::make_shared<SinkInbox>();
  turn_ = std::make_shared<SinkTurn>(parts_.walk, parts_.rules, std::move(peer), inbox_);
  parts_.scheduler.Add(turn_);
}

void Sink::Unfollow() {
  if (turn_) parts_.scheduler.Drop(*turn_);
  turn_.reset();
  peer_.reset();
  update_.reset();
  written_.reset();
  write_ = {};
  reload_ = {};
}

void Sink::Heed(SinkNews news) {
  if (news.gone) {
    parts_.logger->info("sink {}: its process has gone; its files stay for the next",
                        settings_.name);
    Unfollow();
    {
      const std::lock_guard lock(mutex_);
      status_.pid = 0;
    }
    SetState("no process");
    look_at_ = {};
  } else if (news.verdict == Verdict::kAllow) {
    if (written_ && MakeTheSameFiles(*news.update, *written_)) return SetState("written");
    remove_ = {};
    update_ = std::move(news.update);
    Plan(write_);
  } else if (news.verdict == Verdict::kRefuse) {
    Refused(news.reason);
  } else {
    parts_.logger->debug("sink {}: undecided: {}", settings_.name, news.reason);
    SetState("undecided");
  }
}

void Sink::Refused(const std::string& reason) {
  parts_.logger->warn("sink {}: process {} is refused: {}; its files {}", settings_.name,
                      peer_->process->key().pid, reason,
                      settings_.keep_when_refused ? "stay as they are" : "are removed");
  update_.reset();
  written_.reset();
  write_ = {};
  SetState("refused");
  if (!settings_.keep_when_refused) Plan(remove_);
}

void Sink::Write() {
  const X509Svid& svid = *update_->svids.front();
  const auto files = MakeSinkFiles(*update_, settings_.layout, settings_.password);
  if (!files) return Failed(write_, "making its files", files.error());
  auto folder = SinkFolder::Open(settings_.folder);
  if (!folder) return Failed(write_, "opening its folder", folder.error());
  if (const auto put = folder->Put(*files); !put)
    return Failed(write_, "writing its files", put.error());
  parts_.logger->info("sink {}: wrote {} files of {}, serial {}, for process {}", settings_.name,
                      files->size(), svid.id.Text(), svid.serial, peer_->process->key().pid);
  // That old ones stay is told, and keeps the new one from nobody.
  if (const auto tidied = folder->Tidy(); !tidied)
    parts_.logger->warn("sink {}: older files stay until the next are written: {}", settings_.name,
                        tidied.error().Text());
  written_ = update_;
  Done(write_);
  {
    const std::lock_guard lock(mutex_);
    status_.spiffe_id = svid.id.Text();
    status_.serial = svid.serial;
    status_.not_after = svid.not_after;
    status_.written_at = parts_.walk.clock.Now().wall;
  }
  SetState("written");
  if (reloader_.wanted()) Plan(reload_);
}

void Sink::Remove() {
  auto folder = SinkFolder::Open(settings_.folder);
  if (!folder) return Failed(remove_, "opening its folder", folder.error());
  const auto cleared = folder->Clear();
  if (!cleared) return Failed(remove_, "removing its files", cleared.error());
  Done(remove_);
  {
    const std::lock_guard lock(mutex_);
    status_.spiffe_id.clear();
    status_.serial.clear();
    status_.not_after.reset();
  }
  if (!*cleared) return;
  parts_.logger->warn("sink {}: removed its files", settings_.name);
  if (reloader_.wanted()) Plan(reload_);
}

void Sink::Reload(const std::stop_token& stop) {
  if (!peer_) return Done(reload_);
  const auto done = reloader_.Run(*peer_->process, stop);
  if (stop.stop_requested()) return;
  if (!done && done.error().code() == ErrorCode::kPeerGone) return Done(reload_);
  if (!done) return Failed(reload_, "reloading", done.error());
  parts_.logger->info("sink {}: {}", settings_.name, *done);
  Done(reload_);
}

void Sink::Plan(Task& task) { task = {.due = Now()}; }

bool Sink::IsDue(const Task& task) const { return task.due && Now() >= *task.due; }

void Sink::Done(Task& task) {
  task = {};
  if (write_.due || remove_.due || reload_.due) return;
  const std::lock_guard lock(mutex_);
  status_.last_error.clear();
}

void Sink::Failed(Task& task, const std::string& doing, const Error& error) {
  task.pause = std::clamp(2 * task.pause, times_.first_retry, times_.last_retry);
  task.due = Now() + task.pause;
  parts_.logger->warn("sink {}: {}: {}; tried again in {} s", settings_.name, doing, error.Text(),
                      std::chrono::duration_cast<Seconds>(task.pause).count());
  const std::lock_guard lock(mutex_);
  status_.last_error = doing + ": " + error.Text();
}

void Sink::SetState(std::string state) {
  const std::lock_guard lock(mutex_);
  status_.state = std::move(state);
}

}  // namespace surety
