// What CRLs cost: signing them, publishing them with their numbers on the disk,
// and asking whether there is anything to do.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "agent/issuance/crl_publisher.h"
#include "agent/issuance/embedded_authority.h"
#include "tests/fakes/fake_revocations.h"

namespace surety {
namespace {

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::cerr << result.error().Text() << '\n';
    std::abort();
  }
  return *std::move(result);
}

std::string HexNumber(std::size_t number) {
  constexpr std::size_t kDigits = 32;
  std::string text = "4" + std::to_string(number);
  text.insert(1, kDigits - text.size(), '0');
  return text;
}

// In the build folder, so on a real disk.
class Daemon {
 public:
  explicit Daemon(std::int64_t revoked)
      : folder_(std::filesystem::current_path() / "crl_bench_state") {
    std::filesystem::remove_all(folder_);
    authority_ = Must(OpenEmbedded({.trust_domain = Must(TrustDomain::Parse("example.org")),
                                    .state_dir = folder_.string(),
                                    .times = {}},
                                   now_));
    publisher_ =
        Must(CrlPublisher::Open(*authority_, revocations_, {.state_dir = folder_.string()}));
    for (std::int64_t i = 0; i < revoked; ++i) Revoke();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    publisher_.reset();
    authority_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Revoke() {
    revocations_.Add({.serial = HexNumber(serial_++),
                      .issuer_key_id = authority_->Status().front().subject_key_id,
                      .revoked_at = now_.wall,
                      .reason = RevocationReason::kPrivilegeWithdrawn,
                      .not_after = now_.wall + std::chrono::hours(24)});
  }
  CrlProgress Work() { return publisher_->Work(now_); }
  void Tick() {
    now_.boot += CrlPublisher::kLongSpacing;
    now_.wall += CrlPublisher::kLongSpacing;
  }
  [[nodiscard]] SignedCrl Sign() const {
    const auto signer = authority_->CrlSigners().front();
    const auto at = std::chrono::floor<Seconds>(now_.wall);
    return Must(SignCrl(*signer, all_, {.number = 1, .this_update = at}, at + Seconds(3600)));
  }
  void Gather() { all_ = revocations_.Revoked(now_.wall); }

 private:
  const std::filesystem::path folder_;
  Moment now_{.boot = BootTime(std::chrono::hours(1)),
              .wall = WallTime(std::chrono::hours(24 * 365 * 56))};
  std::size_t serial_ = 1;
  FakeRevocations revocations_;
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<CrlPublisher> publisher_;
  std::vector<Revocation> all_;
};

void SignAlone(benchmark::State& state) {
  Daemon daemon(state.range(0));
  daemon.Gather();
  for (auto _ : state) benchmark::DoNotOptimize(daemon.Sign());
  state.counters["bytes"] = static_cast<double>(daemon.Sign().der.size());
}

void RevokeAndPublish(benchmark::State& state) {
  Daemon daemon(state.range(0));
  daemon.Work();
  for (auto _ : state) {
    state.PauseTiming();
    daemon.Tick();
    daemon.Revoke();
    state.ResumeTiming();
    if (!daemon.Work().bundles_changed) std::abort();
  }
}

void NothingToDo(benchmark::State& state) {
  Daemon daemon(state.range(0));
  daemon.Work();
  for (auto _ : state) benchmark::DoNotOptimize(daemon.Work());
}

BENCHMARK(SignAlone)->Arg(0)->Arg(1'000)->Arg(20'000)->Unit(benchmark::kMillisecond);
BENCHMARK(RevokeAndPublish)
    ->Arg(0)
    ->Arg(20'000)
    ->Iterations(50)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(NothingToDo)->Arg(20'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
