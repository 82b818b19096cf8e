#include "agent/policy/policy_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/policy/policy_trial.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<PolicyCase> Read(const std::string& text) {
  Diagnostics diagnostics;
  FileDiagnostics errors("c.toml", diagnostics);
  auto cases = ReadPolicyCases(text, errors);
  EXPECT_FALSE(diagnostics.has_errors()) << Summary(diagnostics);
  return cases;
}

TEST(PolicyCases, AreReadWithAllThatTheyExpect) {
  const auto cases = Read(R"([[case]]
name = "short"
expect = "allow"

[[case]]
name = "full"
expect = "refuse"
reason = "drift.user"
policies = ["b", "a"]
observed = []
obligations = ["quarantine 1h"]
facts.action = "rotate"
)");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].at, (Position{2, 8}));
  EXPECT_EQ(cases[0].verdict, Verdict::kAllow);
  EXPECT_EQ(cases[0].policies, std::nullopt);
  EXPECT_EQ(cases[0].obligations, std::nullopt);
  EXPECT_THAT(cases[0].facts, HasSubstr("\"action\":\"issue\""));
  EXPECT_EQ(cases[1].reason, "drift.user");
  EXPECT_THAT(*cases[1].policies, ElementsAre("a", "b"));
  EXPECT_THAT(*cases[1].observed, IsEmpty());
  EXPECT_TRUE(cases[1].obligations->quarantine);
  EXPECT_THAT(cases[1].facts, HasSubstr("\"action\":\"rotate\""));
}

struct Fault {
  std::string text;
  Position at;
  std::string what;
  std::string fix;
};

class WrongCase : public ::testing::TestWithParam<Fault> {};

TEST_P(WrongCase, IsToldWithItsPlaceAndTheWayOut) {
  Diagnostics diagnostics;
  FileDiagnostics errors("c.toml", diagnostics);
  ReadPolicyCases(GetParam().text, errors);
  ASSERT_EQ(diagnostics.errors(), 1U) << Summary(diagnostics);
  const auto& item = diagnostics.items().front();
  EXPECT_EQ(item.at, GetParam().at) << PlaceOf(item);
  EXPECT_THAT(item.what, HasSubstr(GetParam().what));
  EXPECT_THAT(item.fix, HasSubstr(GetParam().fix));
}

const std::string kHead = "[[case]]\nname = \"a\"\nexpect = \"allow\"\n";

INSTANTIATE_TEST_SUITE_P(
    , WrongCase,
    ::testing::Values(
        Fault{"", {0, 0}, "has no case", "[[case]]"},
        Fault{"[case]\nname = \"a\"", {1, 1}, "case is a table", "[[case]]"},
        Fault{"[[case]]\nexpect = \"allow\"", {1, 1}, "has no name", "name = "},
        Fault{"[[case]]\nname = \"a\"", {2, 8}, "expects nothing", "\"refuse\""},
        Fault{"[[case]]\nname = \"a\"\nexpect = \"deny\"", {3, 10}, "\"deny\"", "\"refuse\""},
        Fault{kHead + "polcies = []", {4, 1}, "unknown key \"polcies\"", "\"policies\"?"},
        Fault{kHead + "obligations = [\"revok\"]", {4, 16}, "\"revok\"", "\"revoke\""},
        Fault{kHead + "facts = 1", {4, 9}, "facts is an integer", "[case.facts]"},
        Fault{kHead + "facts.pined = true", {4, 15}, "\"pined\"", "\"pinned\"?"},
        Fault{kHead + kHead, {5, 8}, "the name \"a\" is taken", "line 2"}));

TEST(PolicyCases, TellHowADecisionDiffers) {
  const auto cases = Read(kHead + R"(reason = "x"
policies = ["p"]
observed = ["o"]
obligations = ["revoke"]
)");
  const Decision other{.verdict = Verdict::kRefuse,
                       .reason = "y",
                       .policies = {"q", "p"},
                       .obligations = {.ttl_cap = {}, .alert = true}};
  EXPECT_THAT(Differences(cases.front(), other),
              ElementsAre("verdict: expected allow, and is refuse", "reason: expected x, and is y",
                          "policies: expected p, and is p, q", "observed: expected o, and is none",
                          "obligations: expected revoke, and is alert"));
  const Decision same{.verdict = Verdict::kAllow,
                      .reason = "x",
                      .policies = {"p"},
                      .observed = {"o"},
                      .obligations = {.ttl_cap = {}, .revoke = true}};
  EXPECT_THAT(Differences(cases.front(), same), IsEmpty());
}

TEST(PolicyTrial, AsksAsTheWalkDoes) {
  const auto policies = PoliciesOf(R"(
    @id("yes") permit (principal, action, resource);
    @id("no") forbid (principal, action, resource) when { context.risk.score > 50 };)");
  const auto allowed = TryPolicies(*policies, Question().Facts(), PolicyMode::kEnforce);
  ASSERT_TRUE(allowed);
  EXPECT_EQ(allowed->decision.verdict, Verdict::kAllow);
  EXPECT_THAT(allowed->holding, ElementsAre(0U));
  const auto without =
      TryPolicies(*policies, Question().WithoutEntry().Facts(), PolicyMode::kEnforce);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->decision.verdict, Verdict::kRefuse);
}

TEST(PolicyTrial, InMonitorModeTheEntryDecides) {
  const auto policies = PoliciesOf("@id(\"no\") forbid (principal, action, resource);");
  const auto trial = TryPolicies(*policies, Question().Facts(), PolicyMode::kMonitor);
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->decision.verdict, Verdict::kAllow);
  EXPECT_THAT(trial->decision.observed, ElementsAre("no"));
}

TEST(PolicyTrial, RefusesFactsOfAnotherSchema) {
  const auto policies = PoliciesOf("", BuiltIn::kBeneath);
  for (const std::string facts :
       {"{}", R"({"action":"issue","process":{"uid":1000}})",
        R"({"action":"issue","complete":true,"entry_matched":true})",
        R"({"action":"issue","complete":1,"entry_matched":true})",
        R"({"action":"issue","complete":true,"entry_matched":true,"mood":"good"})"}) {
    const auto trial = TryPolicies(*policies, facts, PolicyMode::kEnforce);
    ASSERT_FALSE(trial) << facts;
    EXPECT_EQ(trial.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(PolicyTrial, AFactThatIsMissingMattersWhereItIsRead) {
  auto facts = nlohmann::ordered_json::parse(Question().Facts());
  facts.at("risk").erase("score");
  const auto without = PoliciesOf("@id(\"yes\") permit (principal, action, resource);");
  EXPECT_TRUE(TryPolicies(*without, facts.dump(), PolicyMode::kEnforce));
  const auto with = PoliciesOf(
      "@id(\"yes\") permit (principal, action, resource) when { context.risk.score < 9 };");
  const auto trial = TryPolicies(*with, facts.dump(), PolicyMode::kEnforce);
  ASSERT_FALSE(trial);
  EXPECT_THAT(trial.error().Text(), HasSubstr("score"));
}

}  // namespace
}  // namespace surety
