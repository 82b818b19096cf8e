#include "agent/record/audit_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "agent/record/audit_line.h"
#include "agent/record/json_check.h"
#include "tests/fakes/made_event.h"

namespace surety {
namespace {

using nlohmann::json;
using std::string_literals::operator""s;
using testing::ElementsAre;

constexpr std::string_view kBootId = "11111111-2222-3333-4444-555555555555";

json Record(const MadeEvent& made) {
  const auto body = DecisionBody(made.event(), kBootId);
  if (!body) {
    ADD_FAILURE() << body.error().Text();
    return {};
  }
  const std::string text = "{" + *body + "}";
  EXPECT_TRUE(IsOneLineJsonObject(text)) << text;
  auto record = json::parse(text, nullptr, false);
  EXPECT_TRUE(record.is_object()) << text;
  return record;
}

TEST(AuditBody, SaysWhenWhoAndWhat) {
  const json record = Record(FirstIssue());
  EXPECT_EQ(record["time"], "2026-01-01T00:00:00.000000000Z");
  EXPECT_EQ(record["boot_ns"], 3'600'000'000'000);
  EXPECT_EQ(record["boot_id"], kBootId);
  EXPECT_EQ(record["action"], "issue");
  EXPECT_EQ(record["verdict"], "allow");
  EXPECT_EQ(record["reason"], "entry_matched");
  EXPECT_EQ(record["policy_revision"], "built-in");
  EXPECT_EQ(record["mode"], "enforce");
  EXPECT_EQ(record["wake"], "events");
  EXPECT_EQ(record["starting"], false);
  EXPECT_EQ(record["connection"], 1);
  EXPECT_EQ(record["latency_us"], 120);
  EXPECT_EQ(record["pinned"], false);
  EXPECT_EQ(record["complete"], true);
  EXPECT_FALSE(record.contains("drift"));
  EXPECT_FALSE(record.contains("cut"));
}

TEST(AuditBody, NamesTheProcessByItsFacts) {
  EXPECT_EQ(Record(FirstIssue())["process"],
            json::parse(R"({"pid":4711,"start":100,"uid":1000,"gid":1000,"peer_uid":1000,
              "peer_gid":1000,"path":"/usr/bin/web","sha256":")" +
                        std::string(64, 'a') + R"(","device":65024,"inode":4242,
              "cgroups":["/system.slice/web.service"],
              "namespaces":{"mnt":4026531841,"pid":4026531836}})"));
}

TEST(AuditBody, TellsTheUidNowFromTheOneAtAccept) {
  MadeEvent made = FirstIssue();
  made.seen.selectors = {{"unix", "uid:0"}, {"unix", "claimed_path:/tmp/x"}};
  made.seen.executable.reset();
  const json process = Record(made)["process"];
  EXPECT_EQ(process["uid"], 0);
  EXPECT_EQ(process["gid"], 1000);
  EXPECT_EQ(process["peer_uid"], 1000);
  EXPECT_EQ(process["claimed_path"], "/tmp/x");
  EXPECT_FALSE(process.contains("path"));
  EXPECT_FALSE(process.contains("inode"));
}

TEST(AuditBody, KeepsTheScopeThatIsAboutToBePinned) {
  MadeEvent made = FirstIssue();
  EXPECT_EQ(Record(made)["scope"].size(), made.seen.selectors.size());
  made.pinned = true;
  EXPECT_FALSE(Record(made).contains("scope"));
  EXPECT_EQ(Record(made)["pinned"], true);
}

TEST(AuditBody, SaysWhatWasIssuedAndNoKey) {
  const json entry = Record(FirstIssue("0f")).at("entries").at(0);
  EXPECT_EQ(entry["entry"], "web");
  EXPECT_EQ(entry["spiffe_id"], "spiffe://example.org/web");
  EXPECT_EQ(entry["verdict"], "allow");
  EXPECT_EQ(entry["policies"], json({"default.allow-entry"}));
  EXPECT_EQ(entry["serial"], "0f");
  EXPECT_EQ(entry["issuer_key_id"], std::string(40, 'b'));
  EXPECT_EQ(entry["not_before"], "2025-12-31T23:59:30Z");
  EXPECT_EQ(entry["not_after"], "2026-01-01T00:15:00Z");
  EXPECT_EQ(entry["ttl"], 900);
  EXPECT_EQ(entry["minted"], true);
  EXPECT_EQ(entry["revoke_on_exit"], true);
  EXPECT_EQ(entry["facts"], json::parse(R"({"action":"issue","process":{"uid":1000}})"));
  EXPECT_FALSE(entry.contains("obligations"));
}

TEST(AuditBody, SaysHowLongAnExternalHookTookIfItWasAsked) {
  MadeEvent made = FirstIssue("0f");
  EXPECT_FALSE(Record(made)["entries"][0].contains("hook_us"));
  made.entries.front().decision.hook_took = std::chrono::nanoseconds(1'234'567);
  EXPECT_EQ(Record(made)["entries"][0]["hook_us"], 1'234);
}

TEST(AuditBody, SaysWhatDriftedAndWhatIsToBeDone) {
  const json record = Record(ExecDrift(MadeEvent().at));
  EXPECT_THAT(record["drift"]["kinds"], ElementsAre("unix:path", "unix:sha256"));
  EXPECT_EQ(record["drift"]["gained"][0], "unix:path:/bin/sleep");
  EXPECT_EQ(record["drift"]["lost"][0], "unix:path:/usr/bin/web");
  const json& entry = record["entries"][0];
  EXPECT_EQ(entry["obligations"], json::parse(R"({"revoke":true,"quarantine":true,
                                                  "quarantine_for":3600,"alert":true})"));
  EXPECT_FALSE(entry.contains("serial"));
}

TEST(AuditBody, SaysWhatStandsAgainstTheLineage) {
  MadeEvent made = FirstIssue();
  made.standing.left_lineage = true;
  made.standing.lineage_now.id = "login:7";
  made.standing.of_lineage = {.svids = 1, .streams = 2, .refusals = 3, .spiffe_ids = 4};
  made.standing.risk = {.score = 12.5, .parts = {{.signal = "ptrace", .score = 12.5}}};
  made.standing.starting = true;
  made.standing.quarantines = {{.id = 9,
                                .lineage = "login:7",
                                .entry_id = "",
                                .reason = "drift.executable",
                                .decision = "0a1b2c3d-4",
                                .since = made.at.wall,
                                .until = made.at.wall + Seconds(60)}};
  made.seen.missing = {{"unix:sha256", Error(ErrorCode::kDeadline, "too slow")}};
  const json record = Record(made);
  EXPECT_EQ(record["lineage"]["id"], "unit:/system.slice/web.service");
  EXPECT_EQ(record["lineage"]["now"], "login:7");
  EXPECT_EQ(record["lineage"]["left"], true);
  EXPECT_EQ(record["lineage"]["ancestors"][0],
            json::parse(R"({"pid":700,"start":50,"uid":0,"name":"web-master"})"));
  EXPECT_EQ(record["counters"]["lineage"],
            json::parse(R"({"svids":1,"streams":2,"refusals":3,"spiffe_ids":4})"));
  EXPECT_EQ(record["risk"],
            json::parse(R"({"score":12.5,"parts":[{"signal":"ptrace","score":12.5}]})"));
  EXPECT_EQ(record["starting"], true);
  EXPECT_EQ(record["quarantines"][0]["until"], "2026-01-01T00:01:00Z");
  EXPECT_EQ(record["complete"], false);
  EXPECT_EQ(record["missing"],
            json::parse(R"([{"kind":"unix:sha256","code":"deadline","why":"too slow"}])"));
}

TEST(AuditBody, ARecordWithoutAnEntryAndOneThatAPolicyOnlyWatches) {
  MadeEvent made;
  made.verdict = Verdict::kRefuse;
  made.entries.push_back({.entry = nullptr,
                          .decision = {.verdict = Verdict::kRefuse,
                                       .reason = "no_entry",
                                       .observed = {"site.watch"},
                                       .errors = {"site.bad: no attribute"}}});
  const json record = Record(made);
  EXPECT_EQ(record["mode"], "monitor");
  EXPECT_TRUE(record["entries"][0]["entry"].is_null());
  EXPECT_EQ(record["entries"][0]["observed"], json({"site.watch"}));
  EXPECT_EQ(record["entries"][0]["errors"], json({"site.bad: no attribute"}));
}

TEST(AuditBody, FactsThatAreNoJsonBecomeText) {
  for (const std::string facts : {"{\"a\":\n1}", "{", "{\"a\":\"\xff\"}", "}{", "null"}) {
    MadeEvent made = FirstIssue();
    made.entries.front().decision.facts = facts;
    const json record = Record(made);
    EXPECT_FALSE(record["entries"][0].contains("facts")) << facts;
    EXPECT_TRUE(record["entries"][0].contains("facts_unreadable")) << facts;
  }
}

TEST(AuditBody, HostileTextStaysOnItsLine) {
  const std::string hostile = "/tmp/\"},\n{\"seq\":1,\x00\xff\x1b[31m\\"s + std::string(9'000, 'x');
  MadeEvent made = FirstIssue();
  made.reason = hostile;
  made.policy_revision = hostile;
  made.seen.selectors.Insert({"unix", "path:" + hostile});
  made.seen.selectors.Insert({"unix", "ns:" + hostile + ":1"});
  made.seen.selectors.Insert({"cgroup", "path:" + hostile});
  made.standing.lineage.id = hostile;
  made.standing.lineage_now.ancestors.front().name = hostile;
  made.standing.risk.parts = {{.signal = hostile, .score = 1}};
  made.drift.gained = made.seen.selectors;
  made.seen.missing = {{hostile, Error(ErrorCode::kUnavailable, hostile)}};
  const auto body = DecisionBody(made.event(), hostile);
  ASSERT_TRUE(body);
  EXPECT_TRUE(IsOneLineJsonObject("{" + *body + "}"));
  const json record = Record(made);
  EXPECT_THAT(record["cut"], ElementsAre("texts"));
  EXPECT_LT(record["reason"].get<std::string>().size(), 4'200U);
}

TEST(AuditBody, ListsAreBounded) {
  MadeEvent made = FirstIssue();
  made.pinned = true;
  for (int i = 0; i < 1'000; ++i)
    made.drift.gained.Insert({"unix", "supplementary_gid:" + std::to_string(i)});
  const json record = Record(made);
  EXPECT_EQ(record["drift"]["gained"].size(), 64U);
  EXPECT_THAT(record["cut"], ElementsAre("lists"));
}

TEST(AuditBody, LeavesOutFactsBeforeAnythingElse) {
  MadeEvent made = FirstIssue();
  made.entries.front().decision.facts = "{\"a\":\"" + std::string(kUsualRecord, 'x') + "\"}";
  const json record = Record(made);
  EXPECT_THAT(record["cut"], ElementsAre("facts"));
  EXPECT_FALSE(record["entries"][0].contains("facts"));
  EXPECT_EQ(record["entries"][0]["serial"], std::string(32, '1'));
}

TEST(AuditBody, NeverCutsWhatWasHandedOut) {
  MadeEvent made;
  for (int i = 0; i < 150; ++i) {
    EntryDecision one = GivenWeb(made.at, std::to_string(i));
    const std::string path(2'000, 'p');
    one.entry = MadeEntry(std::string(2'048, 'e'), "spiffe://example.org/" + path);
    one.decision.policies.assign(200, std::string(300, 'q'));
    made.entries.push_back(one);
  }
  const json record = Record(made);
  EXPECT_THAT(record["cut"], ElementsAre("texts", "lists", "facts"));
  ASSERT_EQ(record["entries"].size(), 150U);
  EXPECT_EQ(record["entries"][149]["serial"], "149");
  EXPECT_EQ(record["entries"][149]["entry"], std::string(2'048, 'e'));
}

TEST(AuditBody, WhatDoesNotFitIntoALineIsRefusedAndSoNotIssued) {
  MadeEvent made;
  for (int i = 0; i < 1'000; ++i) {
    EntryDecision one = GivenWeb(made.at, std::to_string(i));
    one.entry = MadeEntry(std::string(2'048, 'e'), "spiffe://example.org/web");
    made.entries.push_back(one);
  }
  const auto body = DecisionBody(made.event(), kBootId);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(body.error().Text(), testing::HasSubstr("1000 entries"));
}

TEST(AuditBody, Notices) {
  const std::string body =
      NoticeBody({.at = MadeEvent().at,
                  .what = "revoked",
                  .severity = NoticeSeverity::kHigh,
                  .details = {{"serial", "01"}, {"serial", "02"}, {"\n", "\xff"}}},
                 kBootId);
  const json notice = json::parse("{" + body + "}");
  EXPECT_EQ(notice["what"], "revoked");
  EXPECT_EQ(notice["severity"], "high");
  EXPECT_EQ(notice["details"],
            json::parse("{\"serial\":\"01\",\"serial#2\":\"02\",\"\\n\":\"\xef\xbf\xbd\"}"));
}

TEST(AuditBody, NoticesAreBoundedToo) {
  AuditNotice notice{.at = MadeEvent().at, .what = "x", .details = {}};
  for (int i = 0; i < 500; ++i)
    notice.details.emplace_back("n" + std::to_string(i), std::string(9'000, '\x01'));
  const std::string body = NoticeBody(notice, kBootId);
  EXPECT_LT(body.size(), kLongestLine / 2);
  EXPECT_THAT(json::parse("{" + body + "}")["cut"], ElementsAre("texts", "lists"));
}

}  // namespace
}  // namespace surety
