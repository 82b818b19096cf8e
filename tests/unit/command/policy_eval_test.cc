#include "agent/command/policy_eval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/command/policy_fixture.h"

namespace surety {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class PolicyEval : public PolicyCommand {
 protected:
  std::string Eval(const std::string& facts, PolicyEvalFlags flags = {}) {
    flags.file = "-";
    std::istringstream in(facts);
    return Ended(EvaluateRequest(flags, in, out_));
  }
  std::string Explain(const std::string& facts, PolicyEvalFlags flags = {}) {
    flags.explain = true;
    return Eval(facts, flags);
  }
};

constexpr const char* kBecameRoot =
    "action = \"rotate\"\ndrift.gained = [\"unix:uid:0\"]\ndrift.lost = [\"unix:uid:1000\"]\n";

TEST_F(PolicyEval, SaysWhatIsDecidedAndByWhat) {
  EXPECT_THAT(Eval(kBecameRoot), MatchesRegex("refuse gain.root \\(quarantine 1h\\)\n"
                                              "decided by: gain.root, drift.user\n"
                                              "policies: built-in, revision [0-9a-f]{16}, mode "
                                              "enforce\n"));
  EXPECT_EQ(code_, std::nullopt);
  EXPECT_THAT(Eval("{}"), HasSubstr("allow entry_matched\ndecided by: permit.entry\n"));
}

TEST_F(PolicyEval, ReadsFilesToo) {
  const std::string file = scratch_ / "facts.toml";
  std::ofstream(file) << kBecameRoot;
  std::istringstream in;
  EXPECT_THAT(Ended(EvaluateRequest({.file = file}, in, out_)), HasSubstr("refuse gain.root"));
  Ended(EvaluateRequest({.file = scratch_ / "none"}, in, out_));
  EXPECT_THAT(error_, HasSubstr("cannot be read"));
}

TEST_F(PolicyEval, ExplainsWhichFactsWereRead) {
  EXPECT_THAT(Explain(kBecameRoot), HasSubstr("\n  leads to quarantine\n"
                                              "  context.drift.gained = [\"unix:uid:0\"]\n"
                                              "  context.drift.kinds = [\"unix:uid\"]\n"));
  EXPECT_THAT(Explain(kBecameRoot), HasSubstr("permit permit.entry, built-in:"));
  EXPECT_THAT(Explain(kBecameRoot), HasSubstr(": holds, but others decided\n"));
  EXPECT_THAT(Explain("action = \"rotate\"\ntraced = { attached = true, by_root = true }"),
              HasSubstr(": alerts\n"));
  EXPECT_THAT(Explain(kBecameRoot, {.source = {.monitor = true}}),
              HasSubstr(": would have decided: the mode is monitor\n"));
}

TEST_F(PolicyEval, ExplainsEveryKindOfFact) {
  Write("a.cedar", R"(
    @id("all") permit (principal == Surety::Process::"4711.100", action, resource)
    when { resource.path == "/web" && resource == Surety::Identity::"spiffe://example.org/web" &&
           !(context.process has user) && context.velocity.lineage.svids == 0 };
    @id("watch") @mode("monitor") forbid (principal, action, resource);
    @id("plain") permit (principal, action, resource);)");
  const std::string text = Explain("{}", {.source = {.folder = folder_}});
  EXPECT_THAT(text, HasSubstr("  context.process.user = absent\n"
                              "  context.velocity.lineage.svids = 0\n"
                              "  principal = \"4711.100\"\n"
                              "  resource = \"spiffe://example.org/web\"\n"
                              "  resource.path = \"/web\"\n"));
  EXPECT_THAT(text, HasSubstr(": only watches: it is in monitor mode\n"));
  EXPECT_THAT(text, HasSubstr(": decided\n  reads no fact\n"));
}

TEST_F(PolicyEval, SaysSoWhereNoPolicyHolds) {
  Write("a.cedar", "@id(\"n\") permit (principal, action, resource) when { context.pinned };");
  const std::string text = Explain("{}", {.source = {.folder = folder_}});
  EXPECT_THAT(text, HasSubstr("refuse not_permitted\ndecided by: no policy\n"));
  EXPECT_THAT(text, HasSubstr("\nno policy holds\n"));
}

TEST_F(PolicyEval, FactsWithErrorsAreNotAsked) {
  EXPECT_THAT(Eval("drift.clases = []"),
              HasSubstr("standard input:1:16: error: no fact is called \"drift.clases\"\n"
                        "  fix: did you mean \"classes\"?\n"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  const auto said = json::parse(Eval("pinned = 1", {.output = OutputFormat::kJson}));
  EXPECT_EQ(said["problems"][0]["line"], 1);
  EXPECT_EQ(Eval(""), "");
  EXPECT_THAT(error_, HasSubstr("the standard input cannot be read, or is empty"));
}

TEST_F(PolicyEval, AsJson) {
  auto said = json::parse(Eval(kBecameRoot, {.output = OutputFormat::kJson}));
  EXPECT_EQ(said["verdict"], "refuse");
  EXPECT_EQ(said["obligations"]["quarantine_for"], 3600);
  EXPECT_FALSE(said.contains("holding"));
  said = json::parse(Explain(kBecameRoot, {.output = OutputFormat::kJson}));
  EXPECT_EQ(said["holding"][0]["part"], "decided");
  EXPECT_EQ(said["holding"][0]["facts"]["context.drift.classes"], json({"user"}));
  EXPECT_EQ(said["facts"]["process"]["uid"], 0);
}

}  // namespace
}  // namespace surety
