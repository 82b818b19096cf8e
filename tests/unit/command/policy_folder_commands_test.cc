// surety policy check and surety policy show.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/command/policy_check.h"
#include "agent/command/policy_show.h"
#include "agent/policy/embedded_texts.h"
#include "tests/unit/command/policy_fixture.h"

namespace surety {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

const std::string kYes = "@id(\"yes\")\npermit (principal, action, resource);\n";

class PolicyCheck : public PolicyCommand {
 protected:
  std::string Check(bool beneath = false, OutputFormat output = OutputFormat::kText) {
    return Ended(
        CheckPolicies({.source = {.folder = folder_, .beneath = beneath}, .output = output}, out_));
  }
};

TEST_F(PolicyCheck, SaysOkOfPoliciesThatAre) {
  Write("a.cedar", kYes);
  EXPECT_THAT(Check(), MatchesRegex("ok: 0 errors, 0 warnings; 1 policy in 1 text of .*, "
                                    "revision [0-9a-f]{16}\n"));
  EXPECT_EQ(code_, std::nullopt);
  Write("a.cedar", "@id(\"permit.entry\") permit (principal, action, resource);");
  EXPECT_THAT(Check(true), HasSubstr("instead of 1 policy of the built-in ones"));
}

TEST_F(PolicyCheck, NamesThePlaceAndTheWayOut) {
  Write("a.cedar",
        kYes + "@id(\"no\") forbid (principal, action, resource)\nwhen { context.pined };");
  EXPECT_THAT(Check(), StartsWith(folder_ + "/a.cedar:4:8: error: "));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_, HasSubstr("the daemon would not take the policies of " + folder_));
  Check();
  EXPECT_THAT(Check(), HasSubstr("  fix: "));
  EXPECT_THAT(Check(), HasSubstr("\nnot ok: 1 error, 0 warnings\n"));
}

TEST_F(PolicyCheck, RefusesWhatTheDaemonWould) {
  EXPECT_THAT(Check(), HasSubstr("holds no file *.cedar"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  Write("a.cedar", kYes);
  ::chmod((folder_ + "/a.cedar").c_str(), 0666);
  EXPECT_THAT(Check(), HasSubstr("can be written by its group or by everyone"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
}

TEST_F(PolicyCheck, WarningsAreNoFailure) {
  Write("a.cedar", "@id(\"no\") forbid (principal, action, resource);");
  EXPECT_THAT(Check(), HasSubstr("warning: no policy permits anything"));
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(PolicyCheck, AsJson) {
  Write("a.cedar", kYes + "permit (principal, action, resource);");
  auto said = json::parse(Check(false, OutputFormat::kJson));
  EXPECT_EQ(said["ok"], false);
  EXPECT_EQ(said["errors"], 1);
  EXPECT_EQ(said["problems"][0]["line"], 3);
  EXPECT_EQ(said["problems"][0]["severity"], "error");
  EXPECT_EQ(said["problems"][0]["what"], "the policy has no @id");
  Write("a.cedar", kYes);
  said = json::parse(Check(false, OutputFormat::kJson));
  EXPECT_EQ(said["ok"], true);
  EXPECT_EQ(said["policies"], 1);
}

class PolicyShow : public PolicyCommand {
 protected:
  std::string Show(const PolicyShowFlags& flags) { return Ended(ShowPolicies(flags, out_)); }
};

TEST_F(PolicyShow, ListsTheBuiltInPolicy) {
  const std::string text = Show({});
  EXPECT_THAT(text, MatchesRegex("[0-9]+ policies of built-in, revision [0-9a-f]{16}, mode "
                                 "enforce\n(.|\n)*"));
  EXPECT_THAT(text, HasSubstr("ID                   EFFECT  MODE     RESPONSE    MORE"));
  EXPECT_THAT(text, HasSubstr("\nexe.memfd            forbid  enforce  quarantine  duration=1h "));
  EXPECT_THAT(text, HasSubstr(" reason=entry_matched ttl_cap=5m "));
}

TEST_F(PolicyShow, ListsThoseOfAFolder) {
  Write("a.cedar", "@id(\"no\") @mode(\"monitor\")\nforbid (principal, action, resource);" + kYes);
  const auto said =
      json::parse(Show({.source = {.folder = folder_}, .output = OutputFormat::kJson}));
  ASSERT_EQ(said["policies"].size(), 2U);
  EXPECT_EQ(said["policies"][0]["id"], "no");
  EXPECT_EQ(said["policies"][0]["mode"], "monitor");
  EXPECT_EQ(said["policies"][0]["response"], "refuse");
  EXPECT_EQ(said["policies"][0]["file"], folder_ + "/a.cedar");
  EXPECT_EQ(said["policies"][1]["effect"], "permit");
  EXPECT_EQ(said["policies"][1]["response"], nullptr);
  EXPECT_THAT(Show({.source = {.folder = folder_, .monitor = true}}), HasSubstr("mode monitor"));
}

TEST_F(PolicyShow, PrintsWhatOperatorsBeginWith) {
  EXPECT_EQ(Show({.view = PolicyView::kSchema}), kPolicySchema);
  EXPECT_EQ(Show({.view = PolicyView::kCedar}), kDefaultPolicy);
  EXPECT_EQ(json::parse(Show({.view = PolicyView::kSchema, .output = OutputFormat::kJson})),
            (json{{"schema", kPolicySchema}}));
  Write("a.cedar", kYes);
  EXPECT_EQ(Show({.source = {.folder = folder_}, .view = PolicyView::kCedar}), kYes);
}

TEST_F(PolicyShow, PoliciesWithErrorsAreNotShown) {
  Write("a.cedar", "permit (");
  EXPECT_EQ(Show({.source = {.folder = folder_}}), "");
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_, HasSubstr("a.cedar:1:"));
  EXPECT_THAT(error_, HasSubstr("surety policy check"));
}

}  // namespace
}  // namespace surety
