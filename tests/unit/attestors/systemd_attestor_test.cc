#include "attestors/systemd_attestor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "attestors/boot_now.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Eventually;

const std::string kWeb = "/system.slice/web.service";
const std::string kUser = "/user.slice/user-1000.slice/user@1000.service";

UnitFacts WebFacts() {
  return {"web.service", "/etc/systemd/system/web.service", "system.slice", kWeb,
          "0123456789abcdef0123456789abcdef"};
}

// systemd, the clock and the cgroup trees are made of settings.
class SystemdAttestorTest : public ::testing::Test {
 protected:
  struct World {
    std::mutex mutex;
    Result<std::optional<UnitFacts>> answer = std::optional(WebFacts());  // By mutex, as all.
    std::vector<std::string> asked;
    std::string roots;  // Root made this part of each path; all of it if empty.
    std::uint64_t inode = 1;
    BootTime now{seconds(1000)};
    bool silent = false;
  };

  SystemdAttestorTest() { StandIn(kWeb); }

  void StandIn(const std::string& path) { process_->SetFile("cgroup", "0::" + path + "\n"); }
  void Set(const std::function<void(World&)>& change) const {
    const std::lock_guard lock(world_->mutex);
    change(*world_);
  }
  std::vector<std::string> Asked() const {
    const std::lock_guard lock(world_->mutex);
    return world_->asked;
  }

  UnitQuestion Question() {
    return [world = world_](const std::string& cgroup, BootTime /*deadline*/,
                            const std::stop_token& stop) -> Result<std::optional<UnitFacts>> {
      std::unique_lock lock(world->mutex);
      world->asked.push_back(cgroup);
      while (world->silent && !stop.stop_requested()) {
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
      }
      return world->answer;
    };
  }
  CgroupLook Cgroups() {
    return {[world = world_](const CgroupLine& line) -> Result<std::string_view> {
              const std::lock_guard lock(world->mutex);
              if (world->roots.empty()) return line.path;
              return line.path.substr(0, world->roots.size());
            },
            [world = world_](std::string_view, std::string_view) -> Result<std::uint64_t> {
              const std::lock_guard lock(world->mutex);
              return world->inode;
            }};
  }
  Result<Attestation> Ask(uid_t uid = 0) {
    return attestor_.Attest(PeerOf(process_, uid), BootNow() + seconds(10));
  }
  Attestation Settled() {
    Result<Attestation> seen = Ask();
    EXPECT_TRUE(Eventually([&] {
      seen = Ask();
      return seen && seen->complete();
    }));
    return *seen;
  }
  std::vector<std::string> SettledTexts() {
    std::vector<std::string> out;
    for (const Selector& selector : Settled().selectors) out.push_back(selector.Text());
    return out;
  }
  static std::vector<std::string> MissingIn(const Attestation& seen) {
    std::vector<std::string> out;
    for (const MissingFact& fact : seen.missing) out.push_back(fact.kind);
    return out;
  }

  const std::shared_ptr<World> world_ = std::make_shared<World>();
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
  SystemdAttestor attestor_{{}, Question(), Cgroups(), [world = world_] {
                              const std::lock_guard lock(world->mutex);
                              return world->now;
                            }};
};

TEST_F(SystemdAttestorTest, UnitHasItsFourSelectors) {
  EXPECT_THAT(SettledTexts(), ElementsAre("systemd:fragment_path:/etc/systemd/system/web.service",
                                          "systemd:id:web.service",
                                          "systemd:invocation_id:0123456789abcdef0123456789abcdef",
                                          "systemd:slice:system.slice"));
  EXPECT_THAT(Asked(), ElementsAre(kWeb));
}

TEST_F(SystemdAttestorTest, CgroupBelowTheUnitIsOfTheUnit) {
  StandIn(kWeb + "/workers/1");
  EXPECT_TRUE(Settled().selectors.Contains({"systemd", "id:web.service"}));
  EXPECT_THAT(Asked(), ElementsAre(kWeb));
}

TEST_F(SystemdAttestorTest, NamedTreeOfVersionOneCountsWhereTheOtherNamesNoUnit) {
  process_->SetFile("cgroup", "1:name=systemd:" + kWeb + "\n0::/\n");
  EXPECT_TRUE(Settled().selectors.Contains({"systemd", "id:web.service"}));
}

TEST_F(SystemdAttestorTest, ControllersOfVersionOneNeverCount) {
  process_->SetFile("cgroup", "4:memory:" + kWeb + "\n0::/\n");
  EXPECT_TRUE(Settled().selectors.empty());
  EXPECT_TRUE(Asked().empty());
}

TEST_F(SystemdAttestorTest, WithoutAUnitNothingIsAsked) {
  StandIn("/docker/0123");
  const auto seen = Ask();
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->complete());
  EXPECT_TRUE(seen->selectors.empty());
  EXPECT_TRUE(Asked().empty());
}

TEST_F(SystemdAttestorTest, NameThatRootDidNotMakeIsNotBelieved) {
  StandIn("/home/web.service");
  Set([](World& world) { world.roots = "/home"; });
  EXPECT_TRUE(Settled().selectors.empty());
  EXPECT_TRUE(Asked().empty());
}

TEST_F(SystemdAttestorTest, CgroupThatIsNotTheUnitsOwnIsNone) {
  // systemd tells the nearest unit above: a slice, or one with a like name.
  for (const std::string above : {"/system.slice", "/", "/system.slice/web", ""}) {
    Set([&](World& world) {
      world.answer = std::optional(UnitFacts{"x.service", "", "", above, ""});
      ++world.inode;
    });
    EXPECT_TRUE(Settled().selectors.empty()) << above;
  }
}

TEST_F(SystemdAttestorTest, UnknownCgroupIsNone) {
  Set([](World& world) { world.answer = std::optional<UnitFacts>(); });
  EXPECT_TRUE(Settled().selectors.empty());
}

TEST_F(SystemdAttestorTest, UserUnitIsNamedWithTheUserWhoSaysSo) {
  StandIn(kUser + "/app.slice/web.service");
  Set([](World& world) {
    world.roots = kUser;
    world.answer = std::optional(UnitFacts{"user@1000.service", "", "user-1000.slice", kUser, ""});
  });
  EXPECT_THAT(SettledTexts(),
              ElementsAre("systemd:id:user@1000.service", "systemd:slice:user-1000.slice",
                          "systemd:user_unit:1000:web.service"));
}

TEST_F(SystemdAttestorTest, WithoutAnAnswerAllIsMissing) {
  Set([](World& world) { world.answer = Error(ErrorCode::kUnavailable, "no bus"); });
  Result<Attestation> seen = Ask();
  ASSERT_TRUE(Eventually([&] {
    seen = Ask();
    return seen && !seen->missing.empty() && seen->missing.front().why.message() == "no bus";
  }));
  EXPECT_TRUE(seen->selectors.empty());
  EXPECT_THAT(MissingIn(*seen), ElementsAre("systemd:id", "systemd:fragment_path", "systemd:slice",
                                            "systemd:invocation_id", "systemd:user_unit"));
}

TEST_F(SystemdAttestorTest, SilenceHoldsNobodyUp) {
  Set([](World& world) { world.silent = true; });
  const auto begin = BootNow();
  const auto seen = Ask();
  EXPECT_LT(BootNow() - begin, seconds(1));
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->complete());
  Set([](World& world) { world.silent = false; });
  EXPECT_TRUE(Settled().selectors.Contains({"systemd", "id:web.service"}));
}

TEST_F(SystemdAttestorTest, AnswerHoldsForTwoSecondsAndNoLonger) {
  Settled();
  Set([](World& world) {
    world.now += milliseconds(1'999);
    world.answer = Error(ErrorCode::kUnavailable, "no bus");
  });
  EXPECT_TRUE(Ask()->complete());
  Set([](World& world) { world.now += milliseconds(2); });
  EXPECT_TRUE(Eventually([&] { return !Ask()->complete(); }));
}

TEST_F(SystemdAttestorTest, AnswerFromBeforeTheProcessBeganIsNotForIt) {
  Settled();
  auto later = WebFacts();
  later.invocation_id = std::string(32, 'f');
  Set([&](World& world) {
    world.answer = std::optional(later);
    world.now += milliseconds(500);
  });
  const auto ticks =
      static_cast<std::uint64_t>(1000.2 * static_cast<double>(::sysconf(_SC_CLK_TCK)));
  const auto younger = std::make_shared<FakeProcess>(ProcessKey{4712, ticks});
  younger->SetFile("cgroup", "0::" + kWeb + "\n");
  Result<Attestation> seen = Error(ErrorCode::kInternal, "");
  ASSERT_TRUE(Eventually([&] {
    seen = attestor_.Attest(PeerOf(younger), BootNow() + seconds(10));
    return seen && seen->complete();
  }));
  EXPECT_TRUE(seen->selectors.Contains({"systemd", "invocation_id:" + later.invocation_id}));
}

TEST_F(SystemdAttestorTest, AnotherCgroupOfTheSamePathIsAskedAfresh) {
  Settled();
  Set([](World& world) {
    ++world.inode;
    world.answer = std::optional<UnitFacts>();
  });
  EXPECT_TRUE(Settled().selectors.empty());
}

TEST_F(SystemdAttestorTest, ForgottenAnswerIsAskedAfreshForThatUidAlone) {
  Settled();
  Set([](World& world) { world.answer = std::optional<UnitFacts>(); });
  attestor_.Forget(PeerOf(process_, 7));
  EXPECT_FALSE(Ask()->selectors.empty());
  EXPECT_TRUE(Eventually([&] {
    const auto seen = Ask(7);
    return seen->complete() && seen->selectors.empty();
  }));
}

TEST_F(SystemdAttestorTest, ProcessThatMovesMeanwhileIsNotVouchedFor) {
  Settled();
  process_->AfterRead([&, count = 0](std::string_view file) mutable {
    if (file == "cgroup" && ++count == 1) StandIn("/elsewhere.slice");
  });
  const auto seen = Ask();
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->selectors.empty());
  EXPECT_FALSE(seen->complete());
}

TEST_F(SystemdAttestorTest, ProcessOutsideOfTheDaemonsNamespaceCannotBeTold) {
  StandIn("/../web.service");
  const auto seen = Ask();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->missing.size(), 5U);
  EXPECT_EQ(seen->missing.front().why.code(), ErrorCode::kPermissionDenied);
}

TEST_F(SystemdAttestorTest, ExitedProcessIsPeerGone) {
  Settled();
  process_->Exit();
  EXPECT_EQ(Ask().error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
