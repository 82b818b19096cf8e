// What remembering costs: on a real file, in the folder that TMPDIR names.

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <time.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "agent/record/state.h"
#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

class BenchClock final : public Clock {
 public:
  [[nodiscard]] Moment Now() const override {
    return {.boot = BootTime(Seconds(1000)), .wall = WallTime(Seconds(1'700'000'000))};
  }
};

class NoProcesses final : public ProcessOpener {
 public:
  Result<std::shared_ptr<const ProcessHandle>> Open(pid_t, UniqueFd) override { return Gone(); }
  Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t) override { return Gone(); }

 private:
  static Error Gone() { return {ErrorCode::kPeerGone, "none"}; }
};

/// Everything is in one unit, below a shell of five ancestors.
class OneUnit final : public LineageReader {
 public:
  Result<Lineage> Read(const ProcessHandle&) const override { return lineage_; }

 private:
  static Lineage Make() {
    Lineage lineage{
        .id = "unit:/system.slice/web.service", .kind = LineageKind::kUnit, .ancestors = {}};
    for (pid_t pid = 1; pid <= 5; ++pid)
      lineage.ancestors.push_back({.key = {pid, 1}, .uid = 0, .name = "supervisor"});
    return lineage;
  }
  const Lineage lineage_ = Make();
};

class Host {
 public:
  Host() {
    path_ = (std::filesystem::temp_directory_path() / "surety-bench-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    auto opened = State::Open({.folder = path_ + "/state",
                               .boot_id = "boot",
                               .clock = clock_,
                               .reader = reader_,
                               .opener = opener_});
    if (!opened) std::abort();
    state_ = std::move(*opened);
    state_->Ready(clock_.Now());
  }
  ~Host() {
    state_.reset();
    std::filesystem::remove_all(path_);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  State& state() { return *state_; }
  [[nodiscard]] Moment now() const { return clock_.Now(); }
  Peer NewPeer() {
    return PeerOf(std::make_shared<FakeProcess>(ProcessKey{next_++ % 4'000'000 + 100, 7}));
  }

 private:
  std::string path_;
  BenchClock clock_;
  OneUnit reader_;
  NoProcesses opener_;
  std::atomic<pid_t> next_ = 0;
  std::unique_ptr<State> state_;
};

Host& SharedHost() {
  static Host host;
  return host;
}

Scope UsualScope() {
  Scope scope{.selectors = {{"unix", "uid:1000"}, {"unix", "path:/usr/bin/service"}}};
  scope.selectors.Insert({"unix", "sha256:" + std::string(64, 'a')});
  for (int i = 0; i < 8; ++i)
    scope.selectors.Insert({"unix", "supplementary_gid:" + std::to_string(i)});
  for (int i = 0; i < 8; ++i)
    scope.selectors.Insert({"unix", "ns:kind" + std::to_string(i) + ":4026531835"});
  return scope;
}

IssuedSvid NewSvid(Moment now) {
  static std::atomic<std::uint64_t> next = 0x1000'0000'0000'0000;
  return {.spiffe_id = "spiffe://example.org/web",
          .entry_id = "web",
          .serial = std::to_string(next++),
          .issuer_key_id = std::string(40, 'b'),
          .not_before = now.wall,
          .not_after = now.wall + std::chrono::minutes(15)};
}

/// The first pin of a process: one transaction, shared by all threads that pin.
void Pin(benchmark::State& state) {
  Host& host = SharedHost();
  const Scope scope = UsualScope();
  for (auto run : state) {
    state.PauseTiming();
    const Peer peer = host.NewPeer();
    state.ResumeTiming();
    benchmark::DoNotOptimize(host.state().scopes().Pin(peer, scope));
    state.PauseTiming();
    host.state().scopes().Forget(peer.process->key());
    state.ResumeTiming();
  }
}
BENCHMARK(Pin)->Iterations(20'000);
BENCHMARK(Pin)->Threads(8)->Iterations(2'000)->UseRealTime()->MeasureProcessCPUTime();

void Find(benchmark::State& state) {
  Host& host = SharedHost();
  const Peer peer = host.NewPeer();
  if (!host.state().scopes().Pin(peer, UsualScope())) std::abort();
  for (auto run : state) benchmark::DoNotOptimize(host.state().scopes().Find(peer.process->key()));
}
BENCHMARK(Find);

/// On every turn, besides what the LineageReader reads.
void Look(benchmark::State& state) {
  Host& host = SharedHost();
  const Peer peer = host.NewPeer();
  const auto standing = host.state().history().Look(peer, host.now());
  for (const char* signal : {"traced", "drift.user", "burst"})
    host.state().history().Suspect(standing->lineage.id, signal, host.now());
  host.state().history().Count(*standing, peer.process->key(), Happening::kSvid, "spiffe://a/b",
                               host.now());
  for (auto run : state) benchmark::DoNotOptimize(host.state().history().Look(peer, host.now()));
}
BENCHMARK(Look);

void LookForTheFirstTime(benchmark::State& state) {
  Host& host = SharedHost();
  for (auto run : state) {
    const Peer peer = host.NewPeer();
    benchmark::DoNotOptimize(host.state().history().Look(peer, host.now()));
  }
}
BENCHMARK(LookForTheFirstTime)->Iterations(20'000);

void Count(benchmark::State& state) {
  Host& host = SharedHost();
  const Peer peer = host.NewPeer();
  const auto standing = host.state().history().Look(peer, host.now());
  for (auto run : state)
    host.state().history().Count(*standing, peer.process->key(), Happening::kSvid, "spiffe://a/b",
                                 host.now());
}
BENCHMARK(Count);

void Given(benchmark::State& state) {
  Host& host = SharedHost();
  const Peer peer = host.NewPeer();
  const auto standing = host.state().history().Look(peer, host.now());
  std::vector<Peer> peers;
  for (int i = 0; i < 1'000; ++i) peers.push_back(host.NewPeer());
  std::size_t next = 0;
  for (auto run : state)
    host.state().sanctions().Given(peers[next++ % peers.size()], *standing, {NewSvid(host.now())});
}
BENCHMARK(Given)->Iterations(50'000);

/// On the disk when it returns: mostly the disk's own time.
void Revoke(benchmark::State& state) {
  Host host;
  for (auto run : state) {
    state.PauseTiming();
    const Peer peer = host.NewPeer();
    const auto standing = host.state().history().Look(peer, host.now());
    host.state().sanctions().Given(peer, *standing, {NewSvid(host.now())});
    state.ResumeTiming();
    benchmark::DoNotOptimize(host.state().sanctions().Revoke(
        {peer.process->key(), *standing, "", "drift.executable", "d1"},
        RevocationReason::kPrivilegeWithdrawn, host.now()));
  }
}
BENCHMARK(Revoke)->Iterations(300)->UseRealTime();

/// Returns at once; 20,000 exits are some transactions in the background.
void Exit(benchmark::State& state) {
  Host& host = SharedHost();
  for (auto run : state) {
    state.PauseTiming();
    const Peer peer = host.NewPeer();
    const auto standing = host.state().history().Look(peer, host.now());
    host.state().sanctions().Given(peer, *standing, {NewSvid(host.now())});
    state.ResumeTiming();
    host.state().Exited(peer.process->key(), host.now());
  }
}
BENCHMARK(Exit)->Iterations(20'000);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
