#include "agent/policy/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "agent/policy/velocity.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::StartsWith;

Json FactsFor(const Question& question) { return Json::parse(question.Facts()); }

/// Any request's facts keep to the schema, or no policy could be trusted to see them.
void ExpectKeepsToSchema(const Question& question) {
  static const auto kPolicies = PoliciesOf("", BuiltIn::kBeneath);
  const auto checked = kPolicies->cedar().CheckFacts(question.Facts());
  EXPECT_TRUE(checked) << checked.error().Text() << "\n" << question.Facts();
}

/// Everything that can be there is there.
Question Full() {
  Question out;
  out.Has({"unix:user:web", "unix:group:www", "unix:exe:unhashed", "unix:cap:net_admin",
           "unix:cap:chown", "unix:no_new_privs", "unix:traced:true", "unix:tracer_uid:1001",
           "unix:env:LD_PRELOAD", "unix:lsm:web_t", "docker:label:app:pay"});
  out.Gains({"unix:uid:0"}).Loses({"unix:uid:1000", "unix:sha256:" + std::string(64, 'a')});
  out.seen.missing.push_back(Missing("unix:sha256"));
  out.standing.lineage.ancestors = {{{1, 5}, 0, "init"}, {{2, 6}, 1000, "evil\"\xFF"}};
  out.standing.lineage_now = {"cgroup:/\xFFx", LineageKind::kCgroup, {}};
  out.standing.left_lineage = true;
  out.standing.risk = {.score = 41.6, .parts = {{"refused", 30}, {"ptrace", 11.6}}};
  out.standing.quarantines = {{.id = 1,
                               .lineage = {},
                               .entry_id = "web",
                               .reason = "drift.cgroup",
                               .decision = {},
                               .since = {},
                               .until = {}}};
  out.standing.starting = true;
  out.challenge = ChallengeState::kPassed;
  out.wake = WakeMode::kSweep;
  out.audiences = {"spiffe://example.org/db"};
  return out;
}

TEST(Facts, KeepToTheSchemaWhateverTheRequest) {
  for (const Action action : {Action::kIssue, Action::kRotate, Action::kBundles, Action::kToken,
                              Action::kTask, Action::kRequest}) {
    for (Question question : {Question(), Question::First(), Full(), Full().WithoutEntry()}) {
      question.action = action;
      ExpectKeepsToSchema(question);
    }
  }
  Question empty = Question::First().WithoutEntry();
  empty.seen.selectors = {};
  empty.standing = {};
  ExpectKeepsToSchema(empty);
}

TEST(Facts, SaySaidThingsInOrder) {
  EXPECT_THAT(Question().Facts(),
              StartsWith(R"({"action":"rotate","principal":"4711.100","identity":{)"
                         R"("id":"spiffe://example.org/web","trust_domain":"example.org",)"
                         R"("path":"/web","entry":"web","hint":"",)"
                         R"("selectors":["unix:path:/usr/bin/web","unix:uid:1000"]},)"
                         R"("complete":true,"missing":[])"));
}

TEST(Facts, TellWhatTheProcessIs) {
  const Json facts = FactsFor(Full());
  EXPECT_EQ(facts["process"]["uid"], 0);
  EXPECT_EQ(facts["process"]["gid"], 1000);
  EXPECT_EQ(facts["process"]["user"], "web");
  EXPECT_EQ(facts["process"]["path"], "/usr/bin/web");
  EXPECT_EQ(facts["process"]["cgroup"], "/web.service");
  EXPECT_EQ(facts["process"]["label"], "web_t");
  EXPECT_EQ(facts["process"]["no_new_privs"], true);
  EXPECT_FALSE(facts["process"].contains("sha256"));
  EXPECT_EQ(facts["capabilities"], Json({"chown", "net_admin"}));
  EXPECT_EQ(facts["exe"]["unhashed"], true);
  EXPECT_EQ(facts["exe"]["memfd"], false);
  EXPECT_EQ(facts["env_preload"], Json({"unix:env:LD_PRELOAD"}));
  EXPECT_EQ(facts["container"], "none");
  EXPECT_THAT(facts["selectors"], ::testing::Contains("docker:label:app:pay"));
}

TEST(Facts, UidAndGidAreThoseOfTheConnectionUntilTheyAreSeen) {
  Question question;
  question.seen.selectors = {};
  const Json facts = FactsFor(question);
  EXPECT_EQ(facts["process"]["uid"], 1000);
  EXPECT_EQ(facts["container"], "unknown");
}

TEST(Facts, TellTheTracerAndBelieveNoAbsentOne) {
  EXPECT_EQ(FactsFor(Question())["traced"], Json({{"attached", false}, {"by_root", false}}));
  EXPECT_EQ(FactsFor(Question().Gains({"unix:traced:true"}))["traced"],
            Json({{"attached", true}, {"by_root", false}}));
  EXPECT_EQ(FactsFor(Question().Gains({"unix:traced:true", "unix:tracer_uid:0"}))["traced"],
            Json({{"attached", true}, {"by_root", true}, {"uid", 0}}));
  EXPECT_EQ(FactsFor(Question().Gains({"unix:traced:true", "unix:tracer_uid:x"}))["traced"],
            Json({{"attached", true}, {"by_root", false}}));
}

TEST(Facts, TellDriftByKindClassAndSelector) {
  const Json drift = FactsFor(Full())["drift"];
  EXPECT_EQ(drift["any"], true);
  EXPECT_EQ(drift["kinds"], Json({"unix:uid"}));
  EXPECT_EQ(drift["classes"], Json({"user"}));
  EXPECT_EQ(drift["gained"], Json({"unix:uid:0"}));
  EXPECT_EQ(drift["lost"], Json({"unix:uid:1000"})) << "what is missing is not lost";
}

TEST(Facts, PinsAreThoseOfTheEntryAsked) {
  Question question;
  question.Gains({"unix:uid:0"}).Loses({"unix:uid:1000"});
  question.entry.pins = std::vector<std::string>{"unix:path"};
  EXPECT_EQ(FactsFor(question)["drift"]["kinds"], Json::array());
  EXPECT_EQ(FactsFor(question)["drift"]["harmless"], Json({"unix:uid"}));
  EXPECT_EQ(FactsFor(question.WithoutEntry())["drift"]["kinds"], Json({"unix:uid"}));
}

TEST(Facts, AReplacedExecutableIsSaidByEitherSign) {
  EXPECT_EQ(
      FactsFor(Question().Gains({"unix:exe:replaced", "unix:exe:deleted"}))["exe"]["replaced"],
      true);
  Question between;
  between.Gains({"unix:claimed_path:/usr/bin/web (deleted)"}).Loses({"unix:path:/usr/bin/web"});
  EXPECT_EQ(FactsFor(between)["exe"]["replaced"], true);
  EXPECT_EQ(FactsFor(between)["drift"]["kinds"], Json::array());
}

TEST(Facts, TellTheLineageAndItsConduct) {
  const Json facts = FactsFor(Full());
  EXPECT_EQ(facts["lineage"]["id"], "unit:/web.service");
  EXPECT_EQ(facts["lineage"]["kind"], "unit");
  EXPECT_EQ(facts["lineage"]["now"], "cgroup:/\xEF\xBF\xBDx");
  EXPECT_EQ(facts["lineage"]["left"], true);
  EXPECT_EQ(facts["lineage"]["ancestor_uids"], Json({0, 1000}));
  EXPECT_EQ(facts["velocity"]["lineage"],
            Json({{"svids", 1}, {"streams", 1}, {"refusals", 0}, {"spiffe_ids", 1}}));
  EXPECT_EQ(facts["risk"], Json({{"score", 42}, {"signals", {"refused", "ptrace"}}}));
  EXPECT_EQ(facts["challenge"], "passed");
  EXPECT_EQ(facts["wake"], "sweep");
  EXPECT_EQ(facts["starting"], true);
  EXPECT_EQ(facts["audiences"], Json({"spiffe://example.org/db"}));
}

TEST(Facts, AnIdentityIsNewOnlyToAProcessWithoutOne) {
  EXPECT_EQ(FactsFor(Question::First())["lineage"]["new_identity"], true);
  EXPECT_EQ(FactsFor(Question::First().WithoutEntry())["lineage"]["new_identity"], false);
  EXPECT_EQ(FactsFor(Question())["lineage"]["new_identity"], false);
  Question again;
  again.action = Action::kIssue;
  EXPECT_EQ(FactsFor(again)["lineage"]["new_identity"], false);
}

TEST(Facts, AnIdentityThatARelativeWasGivenLatelyIsNotNew) {
  Question worker = Question::First();
  worker.standing.of_lineage.identities = {IdentityHash("spiffe://example.org/blue"),
                                           IdentityHash(worker.entry.spiffe_id.Text())};
  EXPECT_EQ(FactsFor(worker)["lineage"]["new_identity"], false);
  worker.standing.of_lineage.identities.pop_back();
  EXPECT_EQ(FactsFor(worker)["lineage"]["new_identity"], true);
}

TEST(Facts, RiskIsWithinItsBoundsWhateverTheScore) {
  Question question;
  const std::vector<std::pair<double, int>> cases{{-1, 0},
                                                  {0.4, 0},
                                                  {99.6, 100},
                                                  {1e300, 100},
                                                  {std::nan(""), 100},
                                                  {std::numeric_limits<double>::infinity(), 100}};
  for (const auto& [score, shown] : cases) {
    question.standing.risk.score = score;
    EXPECT_EQ(FactsFor(question)["risk"]["score"], shown) << score;
  }
}

TEST(Facts, AQuarantineOfAnotherEntryIsNotOurs) {
  Question question = Full();
  EXPECT_EQ(FactsFor(question)["quarantined"], true);
  EXPECT_EQ(FactsFor(question)["quarantine_reason"], "drift.cgroup");
  question.standing.quarantines.front().entry_id = "other";
  EXPECT_EQ(FactsFor(question)["quarantined"], false);
  EXPECT_EQ(FactsFor(question)["quarantine_reason"], "");
  question.standing.quarantines.front().entry_id = "";
  EXPECT_EQ(FactsFor(question)["quarantined"], true);
  EXPECT_EQ(FactsFor(question.WithoutEntry())["quarantined"], true);
}

TEST(Facts, NothingIsAskedForWithoutAnEntry) {
  const Json facts = FactsFor(Question().WithoutEntry());
  EXPECT_EQ(facts["identity"], Json({{"id", "none"},
                                     {"trust_domain", ""},
                                     {"path", ""},
                                     {"entry", ""},
                                     {"hint", ""},
                                     {"selectors", Json::array()}}));
  EXPECT_EQ(facts["entry_matched"], false);
}

TEST(Facts, AreTheSameForTheSameRequest) { EXPECT_EQ(Full().Facts(), Full().Facts()); }

}  // namespace
}  // namespace surety
