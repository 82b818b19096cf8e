#include "agent/policy/written_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/policy/fact_shape.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Json Facts(const std::string& text) {
  Diagnostics diagnostics;
  FileDiagnostics errors("f.toml", diagnostics);
  const auto facts = ReadFacts(text, errors);
  if (!facts) {
    ADD_FAILURE() << Summary(diagnostics);
    return {};
  }
  return Json::parse(*facts);
}

std::vector<Diagnostic> WrongWith(const std::string& text) {
  Diagnostics diagnostics;
  FileDiagnostics errors("f.toml", diagnostics);
  EXPECT_EQ(ReadFacts(text, errors), std::nullopt);
  return diagnostics.items();
}

const PolicySet& Default() {
  static const auto kPolicies = PoliciesOf("", BuiltIn::kBeneath);
  return *kPolicies;
}

Result<void> KeepsToSchema(const std::string& facts) { return Default().cedar().CheckFacts(facts); }

TEST(FactShape, HasEveryFactOfTheSchemaAndNoOther) {
  const auto checked = KeepsToSchema(FactShape().dump());
  EXPECT_TRUE(checked) << checked.error().Text();
  // What the schema does not demand is told apart from what it does not know.
  for (const char* optional :
       {"/process/user", "/process/group", "/process/path", "/process/claimed_path",
        "/process/sha256", "/process/cgroup", "/process/label", "/traced/uid"}) {
    auto without = FactShape();
    const nlohmann::ordered_json::json_pointer at(optional);
    ASSERT_TRUE(without.contains(at)) << optional;
    without.at(at.parent_pointer()).erase(at.back());
    EXPECT_TRUE(KeepsToSchema(without.dump())) << optional;
  }
}

TEST(WrittenFacts, NothingWrittenIsAnHonestServiceThatAsksFirst) {
  Diagnostics diagnostics;
  FileDiagnostics errors("f.toml", diagnostics);
  const auto facts = ReadFacts("# nothing\n", errors);
  ASSERT_TRUE(facts) << Summary(diagnostics);
  EXPECT_THAT(*facts, StartsWith(R"({"action":"issue","principal":"4711.100","identity":)"));
  EXPECT_TRUE(KeepsToSchema(*facts));
  const Json json = Json::parse(*facts);
  EXPECT_EQ(json["pinned"], false);
  EXPECT_EQ(json["lineage"]["new_identity"], true);
  EXPECT_EQ(json["process"]["path"], "/usr/bin/web");
}

TEST(WrittenFacts, KeepToTheSchemaWhateverTheAction) {
  for (const char* action : {"issue", "rotate", "bundles", "token", "task", "request"}) {
    const auto checked = KeepsToSchema(Facts("action = \"" + std::string(action) + "\"").dump());
    EXPECT_TRUE(checked) << action << ": " << checked.error().Text();
  }
}

TEST(WrittenFacts, WhatIsWrittenStands) {
  const Json facts = Facts("risk.score = 40\nprocess.pid = 7\n[identity]\nentry = \"shop\"\n");
  EXPECT_EQ(facts["risk"]["score"], 40);
  EXPECT_THAT(facts["risk"]["signals"], IsEmpty());
  EXPECT_EQ(facts["principal"], "7.100");
  EXPECT_EQ(facts["identity"]["entry"], "shop");
  EXPECT_EQ(facts["identity"]["path"], "/web");
}

TEST(WrittenFacts, WhatFollowsFromSelectorsFollows) {
  const Json facts = Facts(
      "selectors = [\"unix:uid:7\", \"unix:exe:memfd\", \"unix:traced:true\", "
      "\"unix:tracer_uid:0\", \"unix:cap:chown\", \"unix:env:LD_PRELOAD\"]");
  EXPECT_EQ(facts["process"]["uid"], 7);
  EXPECT_FALSE(facts["process"].contains("path"));
  EXPECT_EQ(facts["exe"]["memfd"], true);
  EXPECT_EQ(facts["traced"], (Json{{"attached", true}, {"by_root", true}, {"uid", 0}}));
  EXPECT_EQ(facts["capabilities"], Json({"chown"}));
  EXPECT_EQ(facts["env_preload"], Json({"unix:env:LD_PRELOAD"}));
  EXPECT_EQ(facts["container"], "unknown");
}

TEST(WrittenFacts, WhatFollowsFromADriftFollows) {
  const Json facts = Facts(
      "drift.gained = [\"unix:uid:0\"]\ndrift.lost = [\"unix:uid:1000\", "
      "\"unix:cap:chown\"]");
  EXPECT_EQ(facts["pinned"], true);
  EXPECT_EQ(facts["process"]["uid"], 0);
  EXPECT_EQ(facts["drift"]["any"], true);
  EXPECT_EQ(facts["drift"]["kinds"], Json({"unix:uid"}));
  EXPECT_EQ(facts["drift"]["classes"], Json({"user"}));
  EXPECT_EQ(facts["drift"]["harmless"], Json({"unix:cap"}));
  EXPECT_EQ(facts["lineage"]["new_identity"], false);
}

TEST(WrittenFacts, WhatFollowsFromOthersFollows) {
  EXPECT_EQ(Facts("missing = [\"unix:sha256\"]")["complete"], false);
  EXPECT_EQ(Facts("entry_matched = false")["identity"]["id"], "none");
  EXPECT_EQ(Facts("lineage.now = \"unit:/x\"")["lineage"]["left"], true);
  const Json other = Facts("identity.id = \"spiffe://other.org/a/b\"")["identity"];
  EXPECT_EQ(other["trust_domain"], "other.org");
  EXPECT_EQ(other["path"], "/a/b");
  EXPECT_EQ(other["entry"], "a/b");
}

TEST(WrittenFacts, ARecordedRequestStaysWordForWord) {
  for (Question question : {Question(), Question::First(), Question().WithoutEntry()}) {
    question.standing.risk = {.score = 12, .parts = {{"refused", 12}}};
    Diagnostics diagnostics;
    FileDiagnostics errors("-", diagnostics);
    const std::string recorded = question.Facts();
    const auto read = ReadFacts(" " + recorded, errors);
    ASSERT_TRUE(read) << Summary(diagnostics);
    EXPECT_EQ(*read, recorded);
  }
}

struct Fault {
  std::string text;
  Position at;
  std::string what;
  std::string fix;
};

class WrongFacts : public ::testing::TestWithParam<Fault> {};

TEST_P(WrongFacts, AreToldWithTheirPlaceAndTheWayOut) {
  const auto wrong = WrongWith(GetParam().text);
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong.front().at, GetParam().at);
  EXPECT_THAT(wrong.front().what, HasSubstr(GetParam().what));
  EXPECT_THAT(wrong.front().fix, HasSubstr(GetParam().fix));
}

INSTANTIATE_TEST_SUITE_P(
    , WrongFacts,
    ::testing::Values(
        Fault{"\ndrift.clases = []", {2, 16}, "\"drift.clases\"", "\"classes\"?"},
        Fault{"pinned = 1", {1, 10}, "pinned is a whole number, not true or false", "--schema"},
        Fault{"risk.score = 1.5", {1, 14}, "risk.score is a fraction", "--schema"},
        Fault{"drift = [\"user\"]", {1, 9}, "drift is a list, not a table", "--schema"},
        Fault{"drift.gained = [\"a\", 2]", {1, 22}, "drift.gained[1] is a whole", "--schema"},
        Fault{"starting = 1979-05-27", {1, 12}, "neither text nor number", "--schema"},
        Fault{"action = \"isue\"", {1, 10}, "action is never \"isue\"", "\"issue\"?"},
        Fault{"challenge = \"x\"", {1, 13}, "challenge is never", "write one of none, passed"},
        Fault{"action = ", {1, 10}, "not valid TOML", ""},
        Fault{"{\"action\":\n nope}", {2, 3}, "not valid JSON", "correct the syntax"},
        Fault{"{\"x\":1}", {0, 0}, "no fact is called \"x\"", "write one of action, principal"}));

}  // namespace
}  // namespace surety
