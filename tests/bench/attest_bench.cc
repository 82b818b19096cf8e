#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <thread>

#include "attestors/boot_now.h"
#include "attestors/builtin.h"
#include "attestors/lineage_reader.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/program_as_container.h"

// What a turn of the walk pays for facts once everything is known: the daemon
// looks at this very process, whose hash and names are remembered.
namespace surety {
namespace {

constexpr std::chrono::seconds kLater(10);

Peer Self() {
  const auto self = MakeLinuxProcessOpener()->OpenByPid(::getpid());
  return {self ? *self : nullptr, ::geteuid(), ::getegid(), 1};
}

void Warm(const std::vector<std::unique_ptr<Attestor>>& attestors, const Peer& peer) {
  for (int i = 0; i < 10'000; ++i) {
    const auto seen = AttestAll(attestors, peer, BootNow() + kLater);
    if (seen && seen->complete()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void BM_AttestAll(benchmark::State& state) {
  const auto attestors = BuiltinAttestors({});
  const Peer peer = Self();
  Warm(attestors, peer);
  for (auto _ : state) benchmark::DoNotOptimize(AttestAll(attestors, peer, BootNow() + kLater));
}
BENCHMARK(BM_AttestAll);

void BM_AttestOne(benchmark::State& state) {
  const auto attestors = BuiltinAttestors({});
  const Peer peer = Self();
  Warm(attestors, peer);
  const auto& attestor = attestors.at(static_cast<std::size_t>(state.range(0)));
  state.SetLabel(std::string(attestor->name()));
  for (auto _ : state) benchmark::DoNotOptimize(attestor->Attest(peer, BootNow() + kLater));
}
BENCHMARK(BM_AttestOne)->Arg(0)->Arg(1);

// The same with what an engine said of its container, which is remembered.
void BM_AttestAllInContainer(benchmark::State& state) {
  const testing::ProgramAsContainer container(DockerDialect());
  if (!container.there()) return state.SkipWithError("needs root");
  auto attestors = BuiltinAttestors({});
  attestors.push_back(container.MakeAttestor());
  const Peer peer = Self();
  Warm(attestors, peer);
  for (auto _ : state) benchmark::DoNotOptimize(AttestAll(attestors, peer, BootNow() + kLater));
}
BENCHMARK(BM_AttestAllInContainer);

void BM_OpenPeer(benchmark::State& state) {
  const auto opener = MakeLinuxProcessOpener();
  const auto held = opener->OpenByPid(::getpid());
  for (auto _ : state) benchmark::DoNotOptimize(opener->OpenByPid(::getpid()));
}
BENCHMARK(BM_OpenPeer);

// Children of this process without privileges, each but the first the child of the
// one before. They die with it.
class Sleepers {
 public:
  explicit Sleepers(int number) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    top_ = ::fork();
    if (top_ == 0) Sleep(number - 1, ends[1]);
    [[maybe_unused]] const auto got = ::read(ends[0], &bottom_, sizeof bottom_);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Sleepers(const Sleepers&) = delete;
  Sleepers& operator=(const Sleepers&) = delete;
  ~Sleepers() {
    ::kill(top_, SIGKILL);
    ::waitpid(top_, nullptr, 0);
  }
  [[nodiscard]] pid_t lowest() const { return bottom_; }

 private:
  [[noreturn]] static void Sleep(int below, int end) {
    if (::setresuid(1001, 1001, 1001) != 0) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (below > 0 && ::fork() == 0) Sleep(below - 1, end);
    const pid_t self = ::getpid();
    if (below == 0) [[maybe_unused]]
      const auto told = ::write(end, &self, sizeof self);
    for (;;) ::pause();
  }

  pid_t top_ = -1;
  pid_t bottom_ = -1;
};

void ReadLineages(benchmark::State& state, const LineageReader& reader, pid_t pid) {
  const auto process = MakeLinuxProcessOpener()->OpenByPid(pid);
  const auto lineage = reader.Read(**process);
  state.SetLabel(lineage ? lineage->id + ", " + std::to_string(lineage->ancestors.size()) + " above"
                         : lineage.error().Text());
  for (auto _ : state) benchmark::DoNotOptimize(reader.Read(**process));
}

void BM_LineageByAncestor(benchmark::State& state) {
  const Sleepers family(static_cast<int>(state.range(0)));
  ReadLineages(state, *MakeLineageReader(), family.lowest());
}
BENCHMARK(BM_LineageByAncestor)->Arg(1)->Arg(3)->Arg(10);

// In a systemd unit's cgroup, two folders deep. Needs root.
void BM_LineageByUnit(benchmark::State& state) {
  const std::string slice = "/sys/fs/cgroup/unified/bench.slice";
  const std::string unit = slice + "/bench.service";
  ::mkdir(slice.c_str(), 0755);
  ::mkdir(unit.c_str(), 0755);
  {
    const Sleepers child(1);
    std::ofstream(unit + "/cgroup.procs") << child.lowest();
    ReadLineages(state, *MakeLineageReader(), child.lowest());
  }
  ::rmdir(unit.c_str());
  ::rmdir(slice.c_str());
}
BENCHMARK(BM_LineageByUnit);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
