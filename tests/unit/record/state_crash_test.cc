// The daemon is killed at random moments (SIGKILL): what it had said is still so.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

#include "agent/record/state.h"
#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 20;
#else
constexpr int kRounds = 100;
#endif

Scope ScopeOf(pid_t pid) { return {.selectors = {{"unix", "uid:" + std::to_string(pid)}}}; }

/// Says to the parent what has been done, and is therefore to last.
class Claims {
 public:
  explicit Claims(int fd) : fd_(fd) {}
  void Make(const std::string& what, std::uint64_t number) const {
    const std::string line = what + " " + std::to_string(number) + "\n";
    ASSERT_EQ(::write(fd_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }

 private:
  int fd_;
};

/// One thread of a daemon's life, which ends when it is killed.
void Live(StateWorld& world, const Claims& claims, pid_t first) {
  const std::string reason = "drift";
  for (pid_t pid = first;; ++pid) {
    const Moment now = world.clock.Now();
    const Peer peer = PeerOf(std::make_shared<FakeProcess>(ProcessKey{pid, 7}));
    if (!world.state->scopes().Pin(peer, ScopeOf(pid))) continue;
    claims.Make("pin", static_cast<std::uint64_t>(pid));
    Standing standing;
    standing.lineage = Unit("u" + std::to_string(pid));
    world.state->sanctions().Given(peer, standing, {SvidOf("s" + std::to_string(pid), now)});
    const Sentence sentence{peer.process->key(), standing, "", reason, reason};
    if (pid % 3 == 0 &&
        world.state->sanctions().Revoke(sentence, RevocationReason::kPrivilegeWithdrawn, now))
      claims.Make("revoke", static_cast<std::uint64_t>(pid));
    if (pid % 7 == 0 && world.state->sanctions().Quarantine(sentence, std::nullopt, now))
      claims.Make("quarantine", static_cast<std::uint64_t>(pid));
    if (const auto number = world.state->crl_numbers().Next("ca01"); number)
      claims.Make("crl", *number);
    if (pid % 4 == 0) world.state->Forked({pid, 7}, {pid + 500'000, 7});
  }
}

[[noreturn]] void BeADaemon(StateWorld& world, int fd, pid_t first) {
  world.Start();
  if (!world.state) ::_exit(1);
  const Claims claims(fd);
  claims.Make("ready", 0);
  std::thread other([&] { Live(world, claims, first + 100'000); });
  Live(world, claims, first);
  ::_exit(2);
}

using Claimed = std::map<std::string, std::set<std::uint64_t>>;

/// Lets a daemon live, kills it some time after it is ready, or after its start,
/// and tells what it claimed.
Claimed LetLiveAndKill(StateWorld& world, pid_t first, std::chrono::microseconds life,
                       bool wait_until_ready) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) BeADaemon(world, ends[1], first);
  UniqueFd reading(ends[0]);
  { const UniqueFd writing(ends[1]); }
  char byte = 0;
  std::string text;
  while (wait_until_ready && byte != '\n' && ::read(reading.get(), &byte, 1) == 1) text += byte;
  EXPECT_EQ(text, wait_until_ready ? "ready 0\n" : "");
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  for (char some[4096];;) {
    const ssize_t count = ::read(reading.get(), some, sizeof some);
    if (count <= 0) break;
    text.append(some, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  Claimed claimed;
  std::istringstream lines(text);
  std::string what;
  for (std::uint64_t number = 0; lines >> what >> number;) claimed[what].insert(number);
  return claimed;
}

void ExpectKept(State& state, const Moment& now, const Claimed& claimed) {
  const auto of = [&](const std::string& what) {
    const auto found = claimed.find(what);
    return found == claimed.end() ? std::set<std::uint64_t>() : found->second;
  };
  for (const auto pid : of("pin")) {
    const auto scope = state.scopes().Find({static_cast<pid_t>(pid), 7});
    ASSERT_TRUE(scope);
    EXPECT_EQ(*scope, ScopeOf(static_cast<pid_t>(pid)));
  }
  for (const auto pid : of("revoke"))
    EXPECT_TRUE(state.revocations().Lists({"s" + std::to_string(pid), "ca01"})) << pid;
  for (const auto pid : of("quarantine"))
    EXPECT_TRUE(state.quarantines().Covers(Unit("u" + std::to_string(pid)).id, "web", now.boot))
        << pid;
  if (const auto numbers = of("crl"); !numbers.empty()) {
    const auto next = state.crl_numbers().Next("ca01");
    ASSERT_TRUE(next);
    EXPECT_GT(*next, *numbers.rbegin());
  }
}

TEST(StateCrash, LosesNothingThatItHadSaid) {
  StateWorld world;
  std::mt19937 random(
      static_cast<std::mt19937::result_type>(testing::UnitTest::GetInstance()->random_seed()));
  Claimed all;
  std::size_t claims = 0;
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    const auto life = std::chrono::microseconds(random() % 40'000);
    // Processes that cannot be looked at live on, from one daemon to the next.
    world.processes.blind = true;
    const Claimed claimed = LetLiveAndKill(world, 1'000 + round * 1'000, life, round % 3 != 0);
    for (const auto& [what, numbers] : claimed) {
      all[what].insert(numbers.begin(), numbers.end());
      claims += numbers.size();
    }
    world.Start();
    ASSERT_TRUE(world.state) << "after " << life.count() << " us";
    ExpectKept(*world.state, world.clock.Now(), all);
    world.state.reset();
  }
  EXPECT_GT(claims, static_cast<std::size_t>(kRounds)) << "the daemons have done something";
  EXPECT_GT(all["revoke"].size(), 0U);
  EXPECT_GT(all["quarantine"].size(), 0U);
}

}  // namespace
}  // namespace surety
