#include "agent/policy/policy_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/policy/embedded_texts.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Diagnostics WrongWith(std::vector<PolicyText> texts, BuiltIn built_in = BuiltIn::kReplaced) {
  Diagnostics diagnostics;
  const auto built = PolicySet::Build(std::move(texts), built_in, diagnostics);
  EXPECT_EQ(built == nullptr, diagnostics.has_errors());
  return diagnostics;
}

struct Fault {
  std::string text;
  Position at;
  std::string what;
  std::string fix;
};

class RefusedPolicy : public ::testing::TestWithParam<Fault> {};

TEST_P(RefusedPolicy, IsToldWithItsPlaceAndTheWayOut) {
  const auto diagnostics = WrongWith({{"p.cedar", GetParam().text}});
  ASSERT_EQ(diagnostics.errors(), 1U) << Summary(diagnostics);
  const auto item = *std::find_if(diagnostics.items().begin(), diagnostics.items().end(),
                                  [](const auto& one) { return one.severity == Severity::kError; });
  EXPECT_EQ(item.file, "p.cedar");
  EXPECT_EQ(item.at, GetParam().at);
  EXPECT_THAT(item.what, HasSubstr(GetParam().what));
  EXPECT_THAT(item.fix, HasSubstr(GetParam().fix));
}

// A type error, an unknown attribute, a missing field, a wrong name, bad syntax.
INSTANTIATE_TEST_SUITE_P(
    , RefusedPolicy,
    ::testing::Values(
        Fault{"@id(\"a\")\npermit (principal, action, resource)\nwhen { context.pined };",
              {3, 8},
              "`pined` in context not found",
              "`pinned`"},
        Fault{"@id(\"a\")\npermit (principal, action, resource)\nwhen { context.risk.score > \"x\" "
              "};",
              {3, 29},
              "expected Long but saw String",
              "docs/policy.md"},
        Fault{"@id(\"a\")\npermit (principal, action, resource)\n"
              "when { context.process.path == \"/a\" };",
              {3, 8},
              "optional attribute `process.path`",
              "has path"},
        Fault{"@id(\"a\") permit (principal, action == Surety::Action::\"Isue\", resource);",
              {1, 39},
              "Isue",
              "Issue"},
        Fault{"@id(\"a\") permit (principal, action, resource is Surety::Identty);",
              {1, 49},
              "Identty",
              "Identity"},
        Fault{"@id(\"a\")\npermit (principal, action, resource) when { context. };",
              {2, 54},
              "unexpected token",
              "docs/policy.md"},
        Fault{"@id(\"a\") permit (principal == ?principal, action, resource);",
              {1, 1},
              "template",
              "without ?principal"},
        Fault{"@id(\"a\") permit (principal, action, resource) when { resource.entry like 1 };",
              {1, 74},
              "",
              ""}));

TEST(PolicySet, TellsAllFaultsOfAllFilesAtOnce) {
  const auto diagnostics =
      WrongWith({{"a.cedar",
                  "@id(\"a\") permit (principal, action, resource) when { context.x };\n"
                  "@id(\"b\") permit (principal, action, resource) when { context.y };"},
                 {"b.cedar", "permit ("},
                 {"c.cedar", "permit (principal, action, resource);"}});
  std::vector<std::string> places;
  for (const auto& item : diagnostics.items()) places.push_back(PlaceOf(item));
  EXPECT_THAT(places, ElementsAre("a.cedar:1:54", "a.cedar:2:54", "b.cedar:1:9"));
}

TEST(PolicySet, TellsFaultsOfAnnotationsInAllFilesAtOnce) {
  const auto diagnostics =
      WrongWith({{"a.cedar", "permit (principal, action, resource);"},
                 {"b.cedar", "@idd(\"x\") permit (principal, action, resource);"},
                 {"c.cedar", "@id(\"y\") permit (principal, action, resource);"},
                 {"d.cedar", "@id(\"y\") permit (principal, action, resource);"}});
  EXPECT_EQ(diagnostics.errors(), 4U);
}

TEST(PolicySet, WarnsOfWhatNeverHolds) {
  const auto diagnostics =
      WrongWith({{"a.cedar", "@id(\"a\") permit (principal, action, resource) when { false };"}});
  EXPECT_EQ(diagnostics.warnings(), 1U);
}

TEST(PolicySet, ErrorsInPoliciesNeverAllow) {
  const auto policies = PoliciesOf(R"(
    @id("yes") permit (principal, action, resource);
    @id("sum") forbid (principal, action, resource)
    when { context.process.pid * 9223372036854775807 > 0 };)");
  const Decision decision = DecideOn(*policies, Question());
  EXPECT_EQ(decision.verdict, Verdict::kUndecided);
  EXPECT_EQ(decision.reason, "policy_error");
  ASSERT_THAT(decision.errors, SizeIs(1));
  EXPECT_THAT(decision.errors.front(), HasSubstr("sum: "));
  EXPECT_THAT(decision.errors.front(), HasSubstr("overflow"));
}

TEST(PolicySet, FactsThatAreNoneNeverAllow) {
  const auto policies = PoliciesOf("@id(\"yes\") permit (principal, action, resource);");
  for (const std::string facts : {"", "{}", "[]", "{\"action\":\"steal\"}", "\xFF"}) {
    const Decision decision = policies->Decide(facts, PolicyMode::kEnforce, {true, true});
    EXPECT_EQ(decision.verdict, Verdict::kUndecided) << facts;
    EXPECT_EQ(decision.reason, "policy_error") << facts;
    EXPECT_THAT(decision.errors, SizeIs(1)) << facts;
  }
}

TEST(PolicySet, PoliciesSeeEveryFact) {
  const auto policies = PoliciesOf(R"(
    @id("yes") permit (principal, action == Surety::Action::"Rotate", resource)
    when {
      principal == Surety::Process::"4711.100" &&
      resource == Surety::Identity::"spiffe://example.org/web" &&
      resource.path like "/w*" && resource.entry == "web" &&
      context.process has path && context.process.path == "/usr/bin/web" &&
      context.selectors.contains("cgroup:id:42") &&
      context.process.uid == 1000
    };)");
  EXPECT_EQ(DecideOn(*policies, Question()).verdict, Verdict::kAllow);
  Question other;
  other.action = Action::kIssue;
  EXPECT_EQ(DecideOn(*policies, other).reason, "not_permitted");
}

// ---- The built-in policy beneath ----

constexpr std::string_view kTracer = R"(
@id("traced") @reason("mine")
forbid (principal, action, resource)
when { context.traced.attached && !(context.traced has uid && context.traced.uid == 1500) };
)";

TEST(BuiltInPolicy, AloneIsTheDefault) {
  const auto policies = PoliciesOf("", BuiltIn::kBeneath);
  ASSERT_THAT(policies->texts(), SizeIs(1));
  EXPECT_EQ(policies->texts().front().text, kDefaultPolicy);
  EXPECT_GT(policies->rules().size(), 25U);
  EXPECT_THAT(policies->replaced(), IsEmpty());
}

TEST(BuiltInPolicy, IsNotAskedWhereItIsReplaced) {
  EXPECT_THAT(PoliciesOf(std::string(kTracer))->rules(), SizeIs(1));
}

TEST(BuiltInPolicy, LiesBeneathButForWhatSharesItsId) {
  const auto alone = PoliciesOf("", BuiltIn::kBeneath);
  const auto policies = PoliciesOf(std::string(kTracer), BuiltIn::kBeneath);
  EXPECT_EQ(policies->rules().size(), alone->rules().size());
  EXPECT_THAT(policies->replaced(), ElementsAre("traced"));

  Question question;
  question.Gains({"unix:traced:true", "unix:tracer_uid:1001"});
  EXPECT_EQ(DecideOn(*alone, question).reason, "traced");
  EXPECT_TRUE(DecideOn(*alone, question).obligations.quarantine);
  EXPECT_EQ(DecideOn(*policies, question).reason, "mine");
  EXPECT_FALSE(DecideOn(*policies, question).obligations.quarantine);

  Question admin;
  admin.Gains({"unix:traced:true", "unix:tracer_uid:1500"});
  EXPECT_EQ(DecideOn(*policies, admin).verdict, Verdict::kAllow);
  EXPECT_EQ(DecideOn(*policies, Question().WithoutEntry()).reason, "no_entry");
}

TEST(BuiltInPolicy, KeepsItsPlacesBeneath) {
  const auto place = [](const PolicySet& policies, const std::string& id) {
    for (const Rule& rule : policies.rules())
      if (rule.id == id) return rule.file + ":" + std::to_string(rule.at.line);
    return std::string("none");
  };
  const auto alone = PoliciesOf("", BuiltIn::kBeneath);
  const auto policies = PoliciesOf(std::string(kTracer), BuiltIn::kBeneath);
  EXPECT_EQ(place(*policies, "starting"), place(*alone, "starting"));
  EXPECT_EQ(place(*policies, "traced"), "test.cedar:2");
}

}  // namespace
}  // namespace surety
