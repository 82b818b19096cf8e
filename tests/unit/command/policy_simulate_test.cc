#include "agent/command/policy_simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/policy/policy_source.h"
#include "agent/policy/policy_trial.h"
#include "agent/policy/written_facts.h"
#include "tests/unit/command/audit_fixture.h"

namespace surety {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// What the built-in policy says of facts, as the daemon would have recorded it.
Decision DecidedOn(const std::string& written, PolicyMode mode) {
  Diagnostics diagnostics;
  static const auto kPolicies = ReadPolicies({}, diagnostics)->policies;
  FileDiagnostics errors("facts", diagnostics);
  const auto facts = ReadFacts(written, errors);
  EXPECT_TRUE(facts) << Summary(diagnostics);
  Decision out = TryPolicies(*kPolicies, *facts, mode)->decision;
  out.facts = *facts;
  return out;
}

class PolicySimulate : public AuditCommand {
 protected:
  void SetUp() override {
    AuditCommand::SetUp();
    policies_ = scratch_ / "policies";
    std::filesystem::create_directory(policies_);
  }

  std::string Record(const std::string& facts, PolicyMode mode = PolicyMode::kEnforce,
                     ProcessKey key = {4711, 100}) {
    return Record(DecidedOn(facts, mode), key);
  }
  std::string Record(Decision decision, ProcessKey key = {4711, 100}) {
    MadeEvent made;
    made.at = At(++seconds_);
    made.action = Action::kRotate;
    made.verdict = decision.verdict;
    made.reason = decision.reason;
    made.peer.process = std::make_shared<FakeProcess>(key);
    made.entries.push_back(
        {.entry = MadeEntry("web", "spiffe://example.org/web"), .decision = std::move(decision)});
    return Write(made);
  }
  void WritePolicies(const std::string& text) {
    const std::string path = policies_ + "/a.cedar";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0644);
  }

  std::string Simulate(const PolicySourceFlags& source = {},
                       OutputFormat output = OutputFormat::kText) {
    out_.str("");
    const auto done = SimulatePolicies({.source = source, .output = output}, folder_, out_);
    code_ = done ? std::optional<ErrorCode>() : done.error().code();
    error_ = done ? "" : done.error().Text();
    return out_.str();
  }

  int seconds_ = 0;
  std::string policies_;
  std::optional<ErrorCode> code_;
  std::string error_;
};

constexpr const char* kHonest = "action = \"rotate\"";
constexpr const char* kJump =
    "action = \"rotate\"\ndrift.gained = [\"unix:path:/bin/sh\"]\ndrift.lost = "
    "[\"unix:path:/usr/bin/web\"]";

TEST_F(PolicySimulate, ThePoliciesThatDecidedChangeNothing) {
  Record(kHonest);
  Record(kJump);
  Record("action = \"rotate\"\nmissing = [\"unix:sha256\"]");
  Note(9, "policy.loaded", {});
  EXPECT_THAT(Simulate(), HasSubstr("3 decisions of 3 records asked again: 0 would change, 0 "
                                    "would have another reason alone, 0 could not be asked "
                                    "again\n"));
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(PolicySimulate, ListsExactlyTheDecisionsThatChange) {
  Record(kHonest, PolicyMode::kMonitor);
  const std::string id = Record(kJump, PolicyMode::kMonitor, {815, 7});
  Record(kHonest, PolicyMode::kMonitor);
  const std::string text = Simulate();
  EXPECT_THAT(text, HasSubstr("  spiffe://example.org/web  pid 815 /usr/bin/web  rotate  " + id +
                              "\n  allow entry_matched -> refuse drift.executable (revoke)\n"
                              "  because of drift.executable; recorded: entry_matched\n"));
  EXPECT_THAT(text, EndsWith("3 decisions of 3 records asked again: 1 would change (1 allow -> "
                             "refuse), 0 would have another reason alone, 0 could not be asked "
                             "again\n  spiffe://example.org/web: 1 allow -> refuse\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_, "1 decision would change");
}

TEST_F(PolicySimulate, InMonitorModeTheCandidateOnlyWatches) {
  Record(kJump);
  EXPECT_THAT(Simulate({.monitor = true}), HasSubstr("(1 refuse -> allow)"));
}

TEST_F(PolicySimulate, ObligationsAreAChangeAndReasonsAreNot) {
  Record(kHonest);
  Record(kJump);
  WritePolicies(R"(
    @id("drift.executable") @reason("another_program") @response("revoke")
    forbid (principal, action, resource) when { context.drift.classes.contains("executable") };
    @id("yes") @ttl_cap("1m") permit (principal, action, resource);)");
  const std::string text = Simulate({.folder = policies_});
  EXPECT_THAT(text, HasSubstr("  allow entry_matched -> allow yes (ttl_cap 1m)\n"
                              "  because of yes; recorded: permit.entry\n"));
  EXPECT_THAT(text, HasSubstr("1 would change (1 allow -> allow), 1 would have another reason"));
}

TEST_F(PolicySimulate, WhatTheExternalHookTookAwayItWouldTakeAwayAgain) {
  Decision refused = DecidedOn(kHonest, PolicyMode::kEnforce);
  Decision capped = refused;
  Decision alerted = refused;
  refused.verdict = Verdict::kRefuse;
  refused.reason = "hook.on_the_list";
  refused.policies = {"hook"};
  capped.obligations.ttl_cap = Seconds(60);
  capped.policies.emplace_back("hook");
  alerted.obligations.alert = true;
  alerted.observed.emplace_back("hook.odd");
  for (const Decision& decision : {refused, capped, alerted}) Record(decision);
  EXPECT_THAT(Simulate(), HasSubstr("3 decisions of 3 records asked again: 0 would change, 0 "));

  WritePolicies("@id(\"no\") @response(\"revoke\") forbid (principal, action, resource);");
  EXPECT_THAT(Simulate({.folder = policies_}),
              HasSubstr("3 would change (2 allow -> refuse, 1 refuse -> refuse)"));
}

TEST_F(PolicySimulate, PoliciesThatFailAreNamed) {
  Record(kHonest);
  WritePolicies(R"(
    @id("yes") permit (principal, action, resource);
    @id("sum") forbid (principal, action, resource)
    when { context.process.pid * 9223372036854775807 > 0 };)");
  EXPECT_THAT(Simulate({.folder = policies_}),
              HasSubstr("  because of policies that could not be evaluated: sum: "));
}

TEST_F(PolicySimulate, RecordsThatHoldNoFactsAreCountedAndNamed) {
  Record(kHonest);
  const std::string without = WriteJump(5);
  const std::string older = WriteIssue(6, "1");  // Its facts are of no schema.
  MadeEvent empty;
  empty.at = At(7);
  const std::string no_entry = Write(empty);
  const std::string text = Simulate();
  EXPECT_THAT(text, HasSubstr(without + "\n  could not be asked again: the record holds no facts"));
  EXPECT_THAT(text, HasSubstr(older + "\n  could not be asked again: its facts are not those"));
  EXPECT_THAT(text,
              HasSubstr(no_entry + "\n  could not be asked again: the record holds no entry"));
  EXPECT_THAT(text, HasSubstr("1 decision of 4 records asked again: 0 would change"));
  EXPECT_THAT(text, HasSubstr("3 could not be asked again\n"));
  EXPECT_EQ(code_, ErrorCode::kDataLoss);
  EXPECT_THAT(error_, HasSubstr("3 decisions could not be asked again"));
}

TEST_F(PolicySimulate, DamagedLinesAreNoAnswer) {
  Record(kHonest);
  ASSERT_TRUE(log_->Finish(At(60)));
  log_.reset();
  const std::string path = folder_ + "/audit-00000000000000000001.jsonl";
  std::string text = ReadAll(path);
  text.replace(text.find("4711"), 1, "5");
  std::ofstream(path) << text;
  EXPECT_THAT(Simulate(), HasSubstr(", 1 damaged line\n"));
  EXPECT_EQ(code_, ErrorCode::kDataLoss);
}

TEST_F(PolicySimulate, AsJson) {
  Record(kJump, PolicyMode::kMonitor);
  WriteJump(5);
  const auto said = json::parse(Simulate({}, OutputFormat::kJson));
  ASSERT_THAT(said["changes"], SizeIs(1));
  const auto& change = said["changes"][0];
  EXPECT_EQ(change["spiffe_id"], "spiffe://example.org/web");
  EXPECT_EQ(change["pid"], 4711);
  EXPECT_EQ(change["exe"], "/usr/bin/web");
  EXPECT_EQ(change["verdict_changes"], true);
  EXPECT_EQ(change["from"]["verdict"], "allow");
  EXPECT_EQ(change["to"]["verdict"], "refuse");
  EXPECT_EQ(change["to"]["policies"], json({"drift.executable"}));
  EXPECT_EQ(said["unanswered"][0]["why"], "the record holds no facts");
  EXPECT_EQ(said["summary"]["changed"], 1);
  EXPECT_EQ(said["summary"]["unanswered"], 1);
  EXPECT_EQ(said["summary"]["identities"]["spiffe://example.org/web"]["allow -> refuse"], 1);
}

TEST_F(PolicySimulate, WithoutALogOrPolicies) {
  EXPECT_EQ(Simulate({.folder = policies_}), "");
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  folder_ = scratch_ / "none";
  EXPECT_EQ(Simulate(), "");
  EXPECT_EQ(code_, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace surety
