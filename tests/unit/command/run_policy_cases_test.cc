#include "agent/command/run_policy_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/command/policy_fixture.h"

namespace surety {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class PolicyCases : public PolicyCommand {
 protected:
  void SetUp() override {
    PolicyCommand::SetUp();
    Write("a.cedar", R"(
      @id("yes") permit (principal, action, resource);
      @id("drifted") @response("revoke") forbid (principal, action, resource)
      when { context.drift.any };
      @id("risky") forbid (principal, action, resource) when { context.risk.score > 50 };
      @id("watch") @mode("monitor") forbid (principal, action, resource)
      when { context.starting };)");
  }
  std::string Run(const std::string& cases, PolicyTestFlags flags = {}) {
    const std::string file = scratch_ / "cases.toml";
    std::ofstream(file) << cases;
    flags.source.folder = folder_;
    flags.files.push_back(file);
    return Ended(RunPolicyCases(flags, out_));
  }
};

constexpr const char* kGood = R"(
[[case]]
name = "honest"
expect = "allow"

[[case]]
name = "drifts"
expect = "refuse"
policies = ["drifted"]
obligations = ["revoke"]
facts.drift.any = true
)";

TEST_F(PolicyCases, ThatAreDecidedAsExpectedPass) {
  const std::string text = Run(kGood);
  EXPECT_EQ(text,
            "2 of 2 cases passed\n"
            "2 of 4 policies decided in a case\n"
            "never held: risky, watch\n");
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(PolicyCases, ThatAreNotAreToldWithThePlaceAndTheDifference) {
  const std::string text = Run(std::string(kGood) + R"(
[[case]]
name = "risky"
expect = "allow"
facts.risk.score = 60
)");
  EXPECT_THAT(text, HasSubstr("cases.toml:14:8: failed: risky\n"
                              "  verdict: expected allow, and is refuse\n"
                              "  decided by: risky\n"
                              "2 of 3 cases passed\n"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_, "1 case failed");
}

TEST_F(PolicyCases, TellPoliciesThatNeverDecide) {
  const std::string all = std::string(kGood) + R"(
[[case]]
name = "risky"
expect = "refuse"
facts.risk.score = 60

[[case]]
name = "starting"
expect = "allow"
observed = ["watch"]
facts.starting = true
)";
  Run(kGood, {.full_coverage = true});
  EXPECT_THAT(error_, HasSubstr("2 policies decided in no case"));
  EXPECT_THAT(Run(all, {.full_coverage = true}), HasSubstr("4 of 4 policies decided"));
  EXPECT_EQ(code_, std::nullopt);
  EXPECT_THAT(Run("[[case]]\nname = \"a\"\nexpect = \"refuse\"\nfacts.drift.any = true\n"),
              HasSubstr("held, but others decided: yes\n"));
}

TEST_F(PolicyCases, WithErrorsAreNotRun) {
  EXPECT_THAT(Run("[[case]]\nname = \"a\"\nexpect = \"deny\"\n"),
              HasSubstr("cases.toml:3:10: error: no verdict is called \"deny\"\n"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_, HasSubstr("none was run"));
  EXPECT_EQ(Run(kGood, {.files = {scratch_ / "none"}}), "");
  EXPECT_THAT(error_, HasSubstr("cannot be read"));
}

TEST_F(PolicyCases, WhereAPolicyFailsAreUndecided) {
  Write("b.cedar",
        "@id(\"sum\") forbid (principal, action, resource)\n"
        "when { context.process.pid * 9223372036854775807 > 0 };");
  EXPECT_THAT(Run(kGood), HasSubstr("  could not be evaluated: sum: "));
}

TEST_F(PolicyCases, AsJson) {
  const auto said = json::parse(Run(kGood, {.output = OutputFormat::kJson}));
  EXPECT_EQ(said["passed"], 2);
  EXPECT_EQ(said["failed"], 0);
  EXPECT_EQ(said["cases"][1]["policies"], json({"drifted"}));
  EXPECT_EQ(said["cases"][1]["obligations"], (json{{"revoke", true}}));
  EXPECT_EQ(said["coverage"]["never_matched"], json({"risky", "watch"}));
}

}  // namespace
}  // namespace surety
