#include "agent/policy/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kForbid = "forbid (principal, action, resource);\n";
const std::string kPermit = "permit (principal, action, resource);\n";

/// What stands in `text`, and what is wrong with it.
struct Read {
  std::vector<Rule> rules;
  Diagnostics diagnostics;
};
Read ReadText(const std::string& text) {
  Read out;
  const auto cedar = CedarPolicies::Load({{"p.cedar", text}}, out.diagnostics);
  if (cedar == nullptr) throw std::runtime_error(Summary(out.diagnostics));
  out.rules = ReadRules(cedar->policies(), out.diagnostics);
  RefuseDuplicateIds(out.rules, out.diagnostics);
  return out;
}

TEST(Rule, HasWhatItsAnnotationsSay) {
  const Read read = ReadText(R"(@id("a.b-c_1")
@reason("because")
@response("quarantine")
@duration("1h30m")
@mode("monitor")
)" + kForbid + "@id(\"p\") @ttl_cap(\"5m\")\n" +
                             kPermit);
  EXPECT_THAT(read.diagnostics.items(), IsEmpty());
  ASSERT_THAT(read.rules, SizeIs(2));
  const Rule& forbid = read.rules[0];
  EXPECT_EQ(forbid.id, "a.b-c_1");
  EXPECT_EQ(forbid.reason, "because");
  EXPECT_EQ(forbid.response, Response::kQuarantine);
  EXPECT_EQ(forbid.duration, Seconds(5400));
  EXPECT_TRUE(forbid.monitored);
  EXPECT_FALSE(forbid.enforced());
  EXPECT_EQ(forbid.at, (Position{1, 1}));
  const Rule& permit = read.rules[1];
  EXPECT_TRUE(permit.permits);
  EXPECT_TRUE(permit.enforced());
  EXPECT_EQ(permit.ttl_cap, Seconds(300));
  EXPECT_EQ(permit.reason, "p") << "the id, where there is no reason";
}

TEST(Rule, ForbidsRefuseUnlessTheySayOtherwise) {
  const Read read = ReadText("@id(\"a\")" + kForbid);
  EXPECT_EQ(read.rules[0].response, Response::kRefuse);
  EXPECT_TRUE(read.rules[0].enforced());
}

TEST(Rule, ResponsesHaveTheirWords) {
  for (const auto* word : {"alert", "challenge", "undecided", "refuse", "revoke", "quarantine"})
    EXPECT_EQ(NameOf(*ResponseNamed(word)), word);
  EXPECT_FALSE(ResponseNamed("allow"));
  EXPECT_LT(Response::kAlert, Response::kChallenge);
  EXPECT_LT(Response::kChallenge, Response::kUndecided);
  EXPECT_LT(Response::kUndecided, Response::kRefuse);
  EXPECT_LT(Response::kRefuse, Response::kRevoke);
  EXPECT_LT(Response::kRevoke, Response::kQuarantine);
}

struct Wrong {
  std::string text;
  Position at;
  std::string what;
  std::string fix;
};

class WrongAnnotation : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongAnnotation, IsRefusedWithItsPlaceAndTheWayOut) {
  const Read read = ReadText(GetParam().text);
  ASSERT_THAT(read.diagnostics.items(), SizeIs(1));
  const Diagnostic& item = read.diagnostics.items().front();
  EXPECT_EQ(item.file, "p.cedar");
  EXPECT_EQ(item.at, GetParam().at);
  EXPECT_EQ(item.severity, Severity::kError);
  EXPECT_THAT(item.what, HasSubstr(GetParam().what));
  EXPECT_THAT(item.fix, HasSubstr(GetParam().fix));
}

INSTANTIATE_TEST_SUITE_P(
    , WrongAnnotation,
    ::testing::Values(
        Wrong{"\n" + kForbid, {2, 1}, "no @id", "@id("},
        Wrong{"@id(\"a\")\n@raeson(\"b\")" + kForbid,
              {2, 1},
              "unknown annotation @raeson",
              "\"reason\"?"},
        Wrong{"@id(\"a\")\n@colour(\"b\")" + kForbid, {2, 1}, "unknown annotation", "one of id"},
        Wrong{"@id(\"a b\")\n" + kForbid, {1, 1}, "@id is \"a b\"", "letters"},
        Wrong{"@id" + ("(\"" + std::string(129, 'a')) + "\")\n" + kForbid, {1, 1}, "@id is", "128"},
        Wrong{"@id(\"hook\")\n" + kForbid, {1, 1}, "the external hook's", "another name"},
        Wrong{"@id(\"hook.a\")\n" + kForbid, {1, 1}, "the external hook's", "another name"},
        Wrong{"@id(\"a\")\n@reason(\"a\\u{1b}b\")\n" + kForbid, {2, 1}, "\\x1b", "letters"},
        Wrong{"@id(\"a\")\n  @response(\"qurantine\")" + kForbid,
              {2, 3},
              "qurantine",
              "\"quarantine\"?"},
        Wrong{"@id(\"a\") @response(\"kill\")" + kForbid, {1, 10}, "kill", "one of alert"},
        Wrong{"@id(\"a\") @mode(\"off\")" + kForbid, {1, 10}, "off", "one of enforce, monitor"},
        Wrong{"@id(\"a\") @mode " + kForbid, {1, 10}, "\"\"", "enforce"},
        Wrong{"@id(\"a\") @response(\"quarantine\") @duration(\"1 hour\")" + kForbid,
              {1, 34},
              "@duration",
              "1h"},
        Wrong{"@id(\"a\") @response(\"quarantine\") @duration(\"0s\")" + kForbid,
              {1, 34},
              "out of range",
              "1s"},
        Wrong{"@id(\"a\") @duration(\"1h\")" + kForbid, {1, 10}, "@duration without", "remove"},
        Wrong{"@id(\"a\") @duration(\"1h\")" + kPermit, {1, 10}, "@duration without", "remove"},
        Wrong{"@id(\"a\") @response(\"refuse\")" + kPermit, {1, 10}, "permit", "forbid"},
        Wrong{"@id(\"a\") @ttl_cap(\"5m\")" + kForbid, {1, 10}, "@ttl_cap on a forbid", "alert"},
        Wrong{"@id(\"a\") @ttl_cap(\"5s\")" + kPermit, {1, 10}, "out of range", "10s"},
        Wrong{"@id(\"a\")" + kForbid + "\n@id(\"a\")" + kPermit,
              {3, 1},
              "\"a\" is taken",
              "p.cedar:1"}));

TEST(Rule, AllThatIsWrongIsToldAtOnce) {
  const Read read = ReadText("@mode(\"x\") @response(\"y\") @z(\"z\")" + kForbid + kPermit);
  EXPECT_EQ(read.diagnostics.errors(), 5U);
}

}  // namespace
}  // namespace surety
