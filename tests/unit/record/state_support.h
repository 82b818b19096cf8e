#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/record/state.h"
#include "tests/fakes/eventually.h"
#include "tests/fakes/fake_process.h"

namespace surety {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;

/// A folder of the test's own, which goes with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = testing::TempDir() + "surety-state-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder " << name;
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Where the state is: made by the daemon itself.
  [[nodiscard]] std::string state() const { return path_ + "/state"; }
  [[nodiscard]] std::string At(std::string_view name) const {
    return state() + "/" + std::string(name);
  }

 private:
  std::string path_;
};

/// Both clocks, moved together or alone. Thread-safe.
class TestClock final : public Clock {
 public:
  [[nodiscard]] Moment Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void Advance(BootClock::duration by) {
    const std::lock_guard lock(mutex_);
    now_.boot += by;
    now_.wall += by;
  }
  void SetWall(BootClock::duration by) {
    const std::lock_guard lock(mutex_);
    now_.wall += by;
  }
  /// The machine is started anew, after having been off for a time.
  void Reboot(BootClock::duration off) {
    const std::lock_guard lock(mutex_);
    now_.boot = BootTime(Seconds(20));
    now_.wall += off;
  }

 private:
  mutable std::mutex mutex_;
  // 2023-11-14, after 1000 s of uptime.
  Moment now_{.boot = BootTime(Seconds(1000)), .wall = WallTime(Seconds(1'700'000'000))};
};

/// The processes there are. Thread-safe.
class TestProcesses final : public ProcessOpener {
 public:
  Result<std::shared_ptr<const ProcessHandle>> Open(pid_t pid, UniqueFd) override {
    return OpenByPid(pid);
  }
  Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t pid) override {
    const std::lock_guard lock(mutex_);
    if (blind) return Error(ErrorCode::kUnavailable, "too many open files");
    const auto found = running_.find(pid);
    if (found == running_.end()) return Error(ErrorCode::kPeerGone, "no such process");
    return std::shared_ptr<const ProcessHandle>(found->second);
  }

  Peer Start(pid_t pid, std::uint64_t ticks = 7) {
    const std::lock_guard lock(mutex_);
    auto process = std::make_shared<FakeProcess>(ProcessKey{pid, ticks});
    running_[pid] = process;
    return PeerOf(process);
  }
  void Exit(pid_t pid) {
    const std::lock_guard lock(mutex_);
    running_.at(pid)->Exit();
    running_.erase(pid);
  }

  bool blind = false;

 private:
  std::mutex mutex_;
  std::map<pid_t, std::shared_ptr<FakeProcess>> running_;
};

/// What lineage each process has now. Thread-safe but for what the test touches.
class TestLineages final : public LineageReader {
 public:
  Result<Lineage> Read(const ProcessHandle& process) const override {
    if (!process.IsAlive()) return Error(ErrorCode::kPeerGone, "exited");
    const auto found = now.find(process.key().pid);
    if (found == now.end()) return Error(ErrorCode::kUnavailable, "cannot tell");
    return found->second;
  }
  std::map<pid_t, Lineage> now;
};

inline Lineage Unit(const std::string& name, std::vector<Ancestor> ancestors = {}) {
  return {.id = "unit:/system.slice/" + name,
          .kind = LineageKind::kUnit,
          .ancestors = std::move(ancestors)};
}
inline Lineage Login(int session, std::vector<Ancestor> ancestors = {}) {
  return {.id = "login:" + std::to_string(session),
          .kind = LineageKind::kLogin,
          .ancestors = std::move(ancestors)};
}
inline Lineage OfProcess(pid_t pid, std::vector<Ancestor> ancestors = {}) {
  return {.id = "process:" + std::to_string(pid) + ".7",
          .kind = LineageKind::kAncestor,
          .ancestors = std::move(ancestors)};
}
inline Ancestor Above(pid_t pid) { return {.key = {pid, 7}, .uid = 1001, .name = "sh"}; }

/// An SVID of an hour's life.
inline IssuedSvid SvidOf(const std::string& serial, Moment now, const std::string& entry = "web") {
  return {.spiffe_id = "spiffe://example.org/" + entry,
          .entry_id = entry,
          .serial = serial,
          .issuer_key_id = "ca01",
          .not_before = now.wall,
          .not_after = now.wall + hours(1)};
}

using fakes::Eventually;

/// What an AuditNotice said, kept beyond the call.
struct Noted {
  std::string what;
  std::map<std::string, std::string> details;
};

/// A daemon's memory on a host that can be restarted.
class StateWorld {
 public:
  /// Ends the daemon's run, if there is one, and starts another.
  void Start(const std::string& boot_id = "boot-1", bool ready = true) {
    state.reset();
    auto opened = State::Open({.folder = folder.state(),
                               .boot_id = boot_id,
                               .clock = clock,
                               .reader = lineages,
                               .opener = processes,
                               .events = Events()});
    ASSERT_TRUE(opened) << opened.error().Text();
    state = std::move(*opened);
    if (ready) state->Ready(clock.Now());
  }
  /// The first sight of a process.
  Standing Look(const Peer& peer) {
    auto standing = state->history().Look(peer, clock.Now());
    EXPECT_TRUE(standing) << standing.error().Text();
    return standing ? *standing : Standing();
  }
  /// A process that is there, was looked at and was given an SVID.
  Peer Serve(pid_t pid, const Lineage& lineage, const std::string& serial,
             const std::string& entry = "web") {
    const Peer peer = processes.Start(pid);
    lineages.now[pid] = lineage;
    Give(peer, SvidOf(serial, clock.Now(), entry));
    return peer;
  }
  void Give(const Peer& peer, const IssuedSvid& svid) {
    const Standing standing = Look(peer);
    state->sanctions().Given(peer, standing, {svid});
    state->history().Count(standing, peer.process->key(), Happening::kSvid, svid.spiffe_id,
                           clock.Now());
  }
  std::vector<std::string> RevokedSerials() const {
    std::vector<std::string> serials;
    for (const auto& one : state->revocations().Revoked(clock.Now().wall))
      serials.push_back(one.serial);
    return serials;
  }
  std::vector<Noted> Notes(std::string_view what) {
    const std::lock_guard lock(mutex);
    std::vector<Noted> found;
    for (const Noted& one : notes)
      if (one.what == what) found.push_back(one);
    return found;
  }

  ScratchFolder folder;
  TestClock clock;
  TestProcesses processes;
  TestLineages lineages;
  std::mutex mutex;  // Guards what events bring.
  std::vector<Noted> notes;
  std::vector<ProcessKey> woken;
  std::vector<std::string> ended;
  int grown = 0;
  std::unique_ptr<State> state;  // Last: its events touch the others.

 private:
  SanctionEvents Events() {
    return {.revoked =
                [this] {
                  const std::lock_guard lock(mutex);
                  ++grown;
                },
            .wake =
                [this](const std::vector<ProcessKey>& some) {
                  const std::lock_guard lock(mutex);
                  woken.insert(woken.end(), some.begin(), some.end());
                },
            .quarantine_ended =
                [this](const std::string& lineage) {
                  const std::lock_guard lock(mutex);
                  ended.push_back(lineage);
                },
            .notice =
                [this](const AuditNotice& notice) {
                  const std::lock_guard lock(mutex);
                  notes.push_back(
                      {std::string(notice.what), {notice.details.begin(), notice.details.end()}});
                }};
  }
};

}  // namespace surety
