#include "agent/policy/drift_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;
using Pins = std::optional<Texts>;

const std::string kHash = "unix:sha256:" + std::string(64, 'a');
const std::string kOtherHash = "unix:sha256:" + std::string(64, 'b');

Attestation SeenWith(const Texts& selectors, const Texts& missing = {}) {
  Attestation out{.selectors = Selectors(selectors), .missing = {}, .executable = {}};
  for (const auto& kind : missing) out.missing.push_back(Missing(kind));
  return out;
}

DriftJudgement Judge(const Texts& gained, const Texts& lost, const Pins& pins = {},
                     const Texts& missing = {}) {
  Texts seen = gained;
  if (std::find(missing.begin(), missing.end(), "unix:sha256") == missing.end())
    seen.push_back(kHash);
  return JudgeDrift(DriftOf(gained, lost), SeenWith(seen, missing), pins);
}

/// What one kind does for gain, loss and exchange of a value.
struct Row {
  std::string before;  ///< A selector; empty: there is none.
  std::string after;
  bool jump;
  std::string drift_class;
};

class DriftTable : public ::testing::TestWithParam<Row> {};

TEST_P(DriftTable, CountsByDirection) {
  const Row& row = GetParam();
  Texts gained;
  Texts lost;
  if (!row.before.empty()) lost.push_back(row.before);
  if (!row.after.empty()) gained.push_back(row.after);
  const std::string kind = Selector::Parse(row.after.empty() ? row.before : row.after)->Kind();
  const auto judged = JudgeDrift(DriftOf(gained, lost), SeenWith(gained), {});
  if (row.jump) {
    EXPECT_THAT(judged.jumps, ElementsAre(kind));
    EXPECT_THAT(judged.harmless, IsEmpty());
    EXPECT_THAT(judged.classes, ElementsAre(row.drift_class));
  } else {
    EXPECT_THAT(judged.jumps, IsEmpty());
    EXPECT_THAT(judged.harmless, ElementsAre(kind));
    EXPECT_THAT(judged.classes, IsEmpty());
  }
  EXPECT_FALSE(judged.replaced);
}

// Every kind that an attestor makes, each way it can change.
const std::vector<Row>& Rows() {
  static const std::vector<Row> kRows{
      // Another program.
      Row{"unix:path:/a", "unix:path:/b", true, "executable"},
      Row{"", "unix:path:/b", true, "executable"}, Row{"unix:path:/a", "", true, "executable"},
      Row{kHash, kOtherHash, true, "executable"}, Row{kHash, "", true, "executable"},
      Row{"", kHash, true, "executable"},
      Row{"unix:claimed_path:/a", "unix:claimed_path:/b", true, "executable"},
      Row{"", "unix:claimed_path:/b", true, "executable"},
      Row{"unix:claimed_sha256:a", "unix:claimed_sha256:b", true, "executable"},
      Row{"", "unix:exe:memfd", true, "executable"}, Row{"unix:exe:memfd", "", true, "executable"},
      Row{"", "unix:exe:unhashed", true, "executable"},
      Row{"unix:exe:unhashed", "", true, "executable"},
      // Another user; groups only by gain.
      Row{"unix:uid:1000", "unix:uid:0", true, "user"},
      Row{"unix:uid:0", "unix:uid:1000", true, "user"},
      Row{"unix:gid:1000", "unix:gid:1001", true, "user"},
      Row{"", "unix:supplementary_gid:27", true, "user"},
      Row{"unix:supplementary_gid:27", "", false, ""},
      Row{"unix:supplementary_gid:27", "unix:supplementary_gid:28", true, "user"},
      // Names alone: the database of users changed, not the process.
      Row{"unix:user:web", "unix:user:www", false, ""}, Row{"unix:user:web", "", false, ""},
      Row{"unix:group:web", "unix:group:www", false, ""},
      Row{"unix:supplementary_group:a", "unix:supplementary_group:b", false, ""},
      Row{"unix:supplementary_group:a", "", false, ""},
      // Power.
      Row{"", "unix:cap:net_admin", true, "capability"}, Row{"unix:cap:net_admin", "", false, ""},
      Row{"unix:cap:net_admin", "unix:cap:sys_admin", true, "capability"},
      Row{"", "unix:userns_cap:sys_admin", true, "capability"},
      Row{"unix:userns_cap:sys_admin", "", false, ""}, Row{"", "unix:no_new_privs", false, ""},
      Row{"unix:no_new_privs", "", true, "capability"},
      // Where it lives.
      Row{"unix:ns:mnt:1", "unix:ns:mnt:2", true, "namespace"},
      Row{"unix:ns:net:1", "unix:ns:net:2", true, "namespace"},
      Row{"unix:ns:time:1", "", true, "namespace"},
      Row{"unix:pidns:host", "unix:pidns:other", true, "namespace"},
      Row{"unix:userns:host", "unix:userns:other", true, "namespace"},
      Row{"unix:container:none", "unix:container:some", true, "container"},
      Row{"unix:container:some", "unix:container:none", true, "container"},
      Row{"cgroup:path:/a", "cgroup:path:/b", true, "cgroup"},
      Row{"cgroup:path:memory:/a", "", true, "cgroup"},
      Row{"cgroup:id:1", "cgroup:id:2", true, "cgroup"},
      // Who else is in it.
      Row{"", "unix:traced:true", true, "tracer"}, Row{"unix:traced:true", "", false, ""},
      Row{"", "unix:tracer_uid:0", true, "tracer"},
      Row{"unix:tracer_uid:0", "unix:tracer_uid:1001", true, "tracer"},
      Row{"unix:tracer_uid:1001", "", false, ""},
      Row{"", "unix:env:LD_PRELOAD", true, "environment"},
      Row{"unix:env:LD_PRELOAD", "", false, ""},
      Row{"unix:lsm:web_t", "unix:lsm:unconfined_t", true, "label"},
      Row{"unix:lsm:web_t", "", true, "label"}, Row{"", "unix:lsm:web_t", true, "label"},
      // What attestors of later versions say.
      Row{"docker:label:app:a", "docker:label:app:b", true, "container"},
      Row{"docker:label:app:a", "", true, "container"},
      Row{"", "k8s:pod-label:app:a", true, "container"},
      // Of units alone: a process leaves its unit only with its cgroup.
      Row{"systemd:id:a.service", "systemd:id:b.service", false, ""},
      Row{"systemd:fragment_path:/a", "systemd:fragment_path:/b", false, ""},
      Row{"systemd:invocation_id:1", "systemd:invocation_id:2", false, ""},
      Row{"", "systemd:id:a.service", false, ""}, Row{"systemd:slice:a.slice", "", false, ""},
      Row{"new:thing", "", true, "other"}, Row{"", "unix:later:1", true, "other"}};
  return kRows;
}
INSTANTIATE_TEST_SUITE_P(, DriftTable, ::testing::ValuesIn(Rows()));

TEST(DriftRules, NothingChangedIsNothing) {
  EXPECT_EQ(JudgeDrift({}, SeenWith({kHash}), {}), DriftJudgement{});
}

TEST(DriftRules, EveryKindOfTheTableIsTestedAbove) {
  std::set<std::string, std::less<>> tested;
  for (const Row& row : Rows()) {
    const auto selector = Selector::Parse(row.after.empty() ? row.before : row.after);
    tested.insert(selector->Kind());
    tested.insert(selector->type);
  }
  // All of them are judged like docker.
  tested.insert("podman");
  for (const DriftRule& rule : DriftRules()) EXPECT_THAT(tested, Contains(rule.kind));
  for (const auto* engine : {"docker", "podman", "k8s"})
    EXPECT_EQ(DriftClassOf(std::string(engine) + ":label"), "container");
}

TEST(DriftRules, ExecOfAnotherBinaryIsOneOfAllItsKinds) {
  const auto judged =
      Judge({"unix:path:/bin/sleep", kOtherHash}, {"unix:path:/usr/bin/web", kHash});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:path", "unix:sha256"));
  EXPECT_THAT(judged.classes, ElementsAre("executable"));
}

TEST(DriftRules, NamesCountWithTheirNumbers) {
  const auto judged = Judge({"unix:uid:0", "unix:user:root", "unix:supplementary_group:b"},
                            {"unix:uid:1000", "unix:user:web", "unix:supplementary_gid:27",
                             "unix:supplementary_group:a"});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:uid", "unix:user"));
  EXPECT_THAT(judged.harmless, ElementsAre("unix:supplementary_gid", "unix:supplementary_group"));
}

TEST(DriftRules, UnitsCountWithTheCgroup) {
  const auto judged =
      Judge({"cgroup:path:/b.service", "systemd:id:b.service", "systemd:user_unit:1:b"},
            {"cgroup:path:/a.service", "systemd:id:a.service", "systemd:invocation_id:1"});
  EXPECT_THAT(judged.jumps, ElementsAre("cgroup:path", "systemd:id", "systemd:invocation_id",
                                        "systemd:user_unit"));
  EXPECT_THAT(judged.classes, ElementsAre("cgroup"));
}

TEST(DriftRules, StartOfAUnitCountsWhereItIsPinnedByName) {
  const Texts before{"systemd:invocation_id:1"};
  const Texts after{"systemd:invocation_id:2"};
  EXPECT_THAT(Judge(after, before, Pins{{"systemd"}}).jumps, IsEmpty());
  EXPECT_THAT(Judge(after, before, Pins{{"systemd:invocation_id"}}).jumps,
              ElementsAre("systemd:invocation_id"));
}

TEST(DriftRules, DroppingPowerAfterStartIsHarmless) {
  const auto judged = Judge({"unix:no_new_privs"}, {"unix:cap:net_bind_service", "unix:cap:chown",
                                                    "unix:supplementary_gid:27"});
  EXPECT_THAT(judged.jumps, IsEmpty());
  EXPECT_THAT(judged.harmless,
              ElementsAre("unix:cap", "unix:no_new_privs", "unix:supplementary_gid"));
}

// ---- Facts that could not be looked at ----

TEST(DriftRules, WhatIsMissingIsNotLost) {
  EXPECT_EQ(Judge({}, {kHash}, {}, {"unix:sha256"}), DriftJudgement{});
  EXPECT_EQ(Judge({}, {"unix:claimed_sha256:a", "unix:claimed_path:/a"}, {},
                  {"unix:sha256", "unix:path"}),
            DriftJudgement{});
  EXPECT_EQ(Judge({}, {"unix:userns_cap:chown"}, {}, {"unix:cap"}), DriftJudgement{});
  EXPECT_EQ(Judge({}, {"cgroup:path:/a", "cgroup:id:1"}, {}, {"cgroup"}), DriftJudgement{});
}

TEST(DriftRules, WhatIsGainedCountsWhateverElseIsMissing) {
  const auto judged = Judge({"unix:uid:0"}, {"unix:uid:1000", kHash}, {}, {"unix:sha256"});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:uid"));
}

// ---- Pins ----

TEST(DriftPins, RestrictWhatCounts) {
  const Texts gained{"unix:uid:0", "unix:path:/b", "cgroup:id:2"};
  const Texts lost{"unix:uid:1000", "unix:path:/a", "cgroup:id:1"};
  auto judged = Judge(gained, lost, Pins{{"unix:path", "cgroup"}});
  EXPECT_THAT(judged.jumps, ElementsAre("cgroup:id", "unix:path"));
  EXPECT_THAT(judged.harmless, ElementsAre("unix:uid"));
  judged = Judge(gained, lost, Pins{Texts{}});
  EXPECT_THAT(judged.jumps, IsEmpty());
  judged = Judge(gained, lost, Pins{{"unix"}});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:path", "unix:uid"));
}

TEST(DriftPins, AVolatileKindCountsWhereItIsNamed) {
  EXPECT_THAT(Judge({"unix:user:b"}, {"unix:user:a"}, Pins{{"unix:user"}}).jumps,
              ElementsAre("unix:user"));
  EXPECT_THAT(Judge({"unix:user:b"}, {"unix:user:a"}, Pins{{"unix"}}).jumps, IsEmpty());
}

TEST(DriftPins, DirectionHoldsForPinnedKindsToo) {
  EXPECT_THAT(Judge({}, {"unix:cap:chown"}, Pins{{"unix:cap"}}).jumps, IsEmpty());
}

TEST(DriftPins, APathIsPinnedAlsoAsAClaim) {
  const auto judged = Judge({"unix:claimed_path:/b"}, {"unix:path:/a"}, Pins{{"unix:path"}});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:claimed_path", "unix:path"));
}

// ---- An executable that lost its name ----

const Texts kUpgraded{"unix:claimed_path:/usr/bin/web", "unix:exe:deleted", "unix:exe:replaced"};

TEST(DriftOfExecutable, ReplacedOnDiskIsHarmlessAndSaid) {
  const auto judged = Judge(kUpgraded, {"unix:path:/usr/bin/web"});
  EXPECT_THAT(judged.jumps, IsEmpty());
  EXPECT_THAT(judged.harmless, ElementsAre("unix:claimed_path", "unix:exe", "unix:path"));
  EXPECT_TRUE(judged.replaced);
}

TEST(DriftOfExecutable, BetweenTheStepsOfAnUpgradeItIsReplaced) {
  const auto judged =
      Judge({"unix:claimed_path:/usr/bin/web (deleted)"}, {"unix:path:/usr/bin/web"});
  EXPECT_THAT(judged.jumps, IsEmpty());
  EXPECT_TRUE(judged.replaced);
}

TEST(DriftOfExecutable, InAContainerTheClaimedNameStays) {
  const auto judged = Judge({"unix:exe:deleted", "unix:exe:replaced"}, {});
  EXPECT_THAT(judged.jumps, IsEmpty());
  EXPECT_TRUE(judged.replaced);
  EXPECT_THAT(Judge({"unix:exe:deleted"}, {}).classes, ElementsAre("deleted"));
}

TEST(DriftOfExecutable, RemovedIsAJumpOfItsOwn) {
  const auto judged =
      Judge({"unix:claimed_path:/usr/bin/web", "unix:exe:deleted"}, {"unix:path:/usr/bin/web"});
  EXPECT_THAT(judged.jumps, ElementsAre("unix:exe"));
  EXPECT_THAT(judged.harmless, ElementsAre("unix:claimed_path", "unix:path"));
  EXPECT_THAT(judged.classes, ElementsAre("deleted"));
  EXPECT_FALSE(judged.replaced);
}

TEST(DriftOfExecutable, RemovedCountsForAnEntryThatPinsThePathAlone) {
  const Texts gained{"unix:claimed_path:/usr/bin/web", "unix:exe:deleted"};
  EXPECT_THAT(Judge(gained, {"unix:path:/usr/bin/web"}, Pins{{"unix:path"}}).jumps,
              ElementsAre("unix:path"));
  EXPECT_THAT(Judge(gained, {"unix:path:/usr/bin/web"}, Pins{{"unix:uid"}}).jumps, IsEmpty());
}

TEST(DriftOfExecutable, WhatTookItsPlaceIsRemovedAfterwards) {
  EXPECT_THAT(Judge({}, {"unix:exe:replaced"}).classes, ElementsAre("deleted"));
}

TEST(DriftOfExecutable, AHashThatIsStillWorkedOutIsWaitedFor) {
  const auto judged = Judge(kUpgraded, {"unix:path:/usr/bin/web", kHash}, {}, {"unix:sha256"});
  EXPECT_THAT(judged.jumps, IsEmpty());
  EXPECT_TRUE(judged.replaced);
}

TEST(DriftOfExecutable, AnExecIsNeverTakenForAReplacement) {
  // The new file of the upgrade is executed: the same path, another hash.
  EXPECT_THAT(Judge({kOtherHash}, {kHash}).classes, ElementsAre("executable"));
  // And is replaced once more.
  Texts gained = kUpgraded;
  gained.push_back(kOtherHash);
  EXPECT_THAT(Judge(gained, {"unix:path:/usr/bin/web", kHash}).classes, ElementsAre("executable"));
  // Another file, removed after its start.
  EXPECT_THAT(Judge({"unix:claimed_path:/tmp/x", "unix:exe:deleted", "unix:exe:replaced"},
                    {"unix:path:/usr/bin/web"})
                  .classes,
              ElementsAre("executable"));
  // A memfd that took the name.
  EXPECT_THAT(
      Judge({"unix:claimed_path:/usr/bin/web", "unix:exe:memfd"}, {"unix:path:/usr/bin/web"})
          .classes,
      ElementsAre("executable"));
  // The file of another name with the same content.
  EXPECT_THAT(Judge({"unix:path:/tmp/web"}, {"unix:path:/usr/bin/web"}).classes,
              ElementsAre("executable"));
}

TEST(DriftOfExecutable, WithoutAHashNothingIsTakenForTheSame) {
  const auto judged = JudgeDrift(DriftOf(kUpgraded, {"unix:path:/usr/bin/web"}),
                                 SeenWith({"unix:exe:unhashed", "unix:exe:deleted"}), {});
  EXPECT_THAT(judged.classes, ElementsAre("executable"));
  EXPECT_FALSE(judged.replaced);
}

}  // namespace
}  // namespace surety
