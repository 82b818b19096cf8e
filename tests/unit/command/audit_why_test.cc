#include "agent/command/audit_why.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/command/audit_fixture.h"

namespace surety {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AuditWhy : public AuditCommand {
 protected:
  std::string Why(const std::string& subject, OutputFormat output = OutputFormat::kText) {
    out_.str("");
    const FakeClock clock(At(600).wall);
    const auto told =
        ExplainAudit({.folder = {}, .subject = subject, .output = output}, folder_, clock, out_);
    error_ = told ? ErrorCode::kInternal : told.error().code();
    return told ? out_.str() : told.error().Text();
  }
  /// The life that the tests ask about.
  void Live() {
    first_ = WriteIssue(0, "0a");
    WriteIssue(0, "77", {5000, 101});
    WriteIssue(300, "0b");
    jump_ = WriteJump(301);
    Note(301, "revoked", {{"serial", "0b"}, {"decision", jump_}});
    Note(301, "quarantine.added",
         {{"id", "1"}, {"lineage", "unit:/system.slice/web.service"}, {"decision", jump_}});
    Note(302, "policy.reloaded", {{"revision", "abc"}});
    WriteJump(303);
    WriteJump(304);
    WriteIssue(305, "78", {5000, 101});
  }

  std::string first_;
  std::string jump_;
  ErrorCode error_ = ErrorCode::kInternal;
};

TEST_F(AuditWhy, TellsTheWholeStoryOnAPage) {
  Live();
  EXPECT_EQ(Why("4711"), R"(Process 4711 ran /usr/bin/web as uid 1000, gid 1000
    last seen running /bin/sleep as uid 1000, gid 1000
    SHA-256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    lineage: unit:/system.slice/web.service
    parents: web-master (pid 700, uid 0), systemd (pid 1, uid 0)

What it was given
    2026-01-01T00:00:00.000Z (10m 0s ago)
        spiffe://example.org/web, by the entry web; serial 0a
    In all 2 SVIDs, the last 2026-01-01T00:05:00.000Z (5m 0s ago); none was to live longer than 2026-01-01T00:20:00Z.

What was decided
    2026-01-01T00:00:00.000Z (10m 0s ago)  issue allowed: entry_matched  [)" +
                             first_ + R"(]
        And the same once more.
    2026-01-01T00:05:01.000Z (4m 59s ago)  rotate refused: drift.executable  [)" +
                             jump_ + R"(]
        It runs /bin/sleep instead of /usr/bin/web.
        The content of its executable is another one (SHA-256 cccccccccccc…, it was aaaaaaaaaaaa…).
        spiffe://example.org/web refused: drift.executable, by policy default.executable-drift
        All live SVIDs of its lineage are revoked.
        An alert is raised.
        Its lineage, unit:/system.slice/web.service, is in quarantine for 1h.
        And the same 2 times more.

What followed
    2026-01-01T00:05:01.000Z (4m 59s ago)  revoked  serial=0b decision=)" +
                             jump_ + R"(
    2026-01-01T00:05:01.000Z (4m 59s ago)  quarantine.added  id=1 lineage=unit:/system.slice/web.service decision=)" +
                             jump_ + R"(

What you can do
    See "surety quarantine list". Find out what the lineage did; when that is understood, "surety quarantine release ID --reason TEXT" has it attested from scratch.
    If the change was meant, restart the process: a new one is attested as it is then. If such changes are ordinary for this service, leave unix:path, unix:sha256 out of "pins" of its entry, or write a policy that allows it.
    The whole record: surety audit tail --pid 4711 --output json
)");
}

TEST_F(AuditWhy, ASpiffeIdMeansTheProcessThatWasNotSimplyAllowed) {
  Live();
  EXPECT_EQ(Why("spiffe://example.org/web"), Why("4711"));
}

TEST_F(AuditWhy, ADecisionMeansItsProcess) {
  Live();
  EXPECT_EQ(Why(jump_), Why("4711"));
  EXPECT_EQ(Why(first_), Why("4711"));
}

TEST_F(AuditWhy, APidMeansTheLastProcessThatHadIt) {
  Live();
  WriteIssue(400, "0c", {4711, 999});
  const std::string told = Why("4711");
  EXPECT_THAT(told, HasSubstr("serial 0c"));
  EXPECT_THAT(told, Not(HasSubstr("serial 0a")));
  EXPECT_THAT(told, HasSubstr("Nothing: it is allowed what it asks for."));
}

// A pid and a start time mean something within one boot only.
TEST_F(AuditWhy, AnotherBootIsAnotherProcess) {
  WriteIssue(0, "0a");
  log_.reset();
  AuditFileOptions options;
  options.folder = folder_;
  options.boot_id = "another";
  log_ = *AuditFile::Open(options, At(1), disk_);
  WriteIssue(2, "0b");
  EXPECT_THAT(Why("4711"), Not(HasSubstr("serial 0a")));
  EXPECT_THAT(Why("4711"), HasSubstr("In all 1 SVID,"));
}

TEST_F(AuditWhy, AProcessThatNeverGotAnything) {
  MadeEvent made;
  made.verdict = Verdict::kRefuse;
  made.reason = "no_entry";
  made.entries.push_back({.entry = nullptr, .decision = {Verdict::kRefuse, "no_entry"}});
  Write(made);
  const std::string told = Why("4711");
  EXPECT_THAT(told, HasSubstr("Nothing: it never had an SVID."));
  EXPECT_THAT(told, HasSubstr("\"surety attest 4711\" prints its selectors and an entry for it."));
}

TEST_F(AuditWhy, MissingFactsAndPoliciesThatFailOrWatch) {
  MadeEvent made = FirstIssue();
  made.verdict = Verdict::kUndecided;
  made.reason = "facts_missing";
  made.seen.missing = {{"unix:sha256", Error(ErrorCode::kDeadline, "slow")}};
  made.entries.front().issued.reset();
  made.entries.front().decision.verdict = Verdict::kUndecided;
  made.entries.front().decision.errors = {"site.x: no attribute"};
  made.entries.front().decision.observed = {"site.watch"};
  Write(made);
  const std::string told = Why("4711");
  EXPECT_THAT(told, HasSubstr("issue left undecided: facts_missing"));
  EXPECT_THAT(told, HasSubstr("Could not be looked at: unix:sha256"));
  EXPECT_THAT(told, HasSubstr("A policy failed, which never allows: site.x: no attribute"));
  EXPECT_THAT(told, HasSubstr("Policies that only watch: site.watch"));
  EXPECT_THAT(told, HasSubstr("it is tried again by itself"));
}

TEST_F(AuditWhy, ARestlessProcessFitsOnAPage) {
  for (int i = 0; i < 300; ++i) {
    MadeEvent made = ExecDrift(At(i));
    made.reason = "drift." + std::to_string(i);
    Write(made);
    Note(i, "revoked", {{"pid", "4711"}, {"n", std::to_string(i)}});
  }
  const std::string told = Why("4711");
  EXPECT_THAT(told, HasSubstr("refused: drift.0 "));
  EXPECT_THAT(told, HasSubstr("refused: drift.299 "));
  EXPECT_THAT(told, HasSubstr("(268 changes are left out here)"));
  EXPECT_THAT(told, Not(HasSubstr("refused: drift.100 ")));
  EXPECT_LT(std::count(told.begin(), told.end(), '\n'), 400);
}

TEST_F(AuditWhy, WhatAWorkloadChoseCannotHarmTheTerminal) {
  MadeEvent made = ExecDrift(At(0));
  const std::string hostile = "/tmp/\x1b]0;evil\x07\nWhat you can do\n";
  made.drift.gained = {{"unix", "path:" + hostile}};
  made.seen.selectors = {{"unix", "path:" + hostile}};
  made.standing.lineage.id = hostile;
  made.standing.lineage_now.ancestors.front().name = hostile;
  made.reason = hostile;
  Write(made);
  for (const auto output : {OutputFormat::kText, OutputFormat::kJson}) {
    const std::string told = Why("4711", output);
    EXPECT_THAT(told, Not(HasSubstr("\x1b")));
    EXPECT_THAT(told, Not(HasSubstr("\x07")));
  }
  EXPECT_THAT(Why("4711"), Not(HasSubstr("evil\nWhat you can do")));
}

TEST_F(AuditWhy, AsJson) {
  Live();
  const auto told = nlohmann::json::parse(Why("4711", OutputFormat::kJson));
  EXPECT_EQ(told["process"]["pid"], 4711);
  EXPECT_EQ(told["lineage"], "unit:/system.slice/web.service");
  EXPECT_EQ(told["svids_minted"], 2);
  ASSERT_EQ(told["turns"].size(), 2U);
  EXPECT_EQ(told["turns"][1]["decision"], jump_);
  EXPECT_EQ(told["turns"][1]["drift"][0], "It runs /bin/sleep instead of /usr/bin/web.");
  EXPECT_EQ(told["turns"][1]["repeated"], 2);
  EXPECT_EQ(told["notices"][0]["details"]["serial"], "0b");
  EXPECT_EQ(told["advice"].size(), 3U);
}

TEST_F(AuditWhy, SaysWhatItCannotFind) {
  Live();
  EXPECT_THAT(Why("99"), HasSubstr("no decision about process 99"));
  EXPECT_EQ(error_, ErrorCode::kNotFound);
  EXPECT_THAT(Why("spiffe://example.org/other"), HasSubstr("spiffe://example.org/other"));
  EXPECT_EQ(error_, ErrorCode::kNotFound);
  for (const char* subject : {"web", "", "-1", "0", "12x", "0a1b2c3d", "xxxxxxxx-1", "\x1b[1m"}) {
    EXPECT_THAT(Why(subject), HasSubstr("is no SPIFFE ID, process id or decision's id")) << subject;
    EXPECT_EQ(error_, ErrorCode::kInvalidArgument);
  }
  folder_ = scratch_ / "none";
  EXPECT_THAT(Why("4711"), HasSubstr("does not exist"));
  EXPECT_EQ(error_, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace surety
