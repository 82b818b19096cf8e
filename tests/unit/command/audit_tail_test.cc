#include "agent/command/audit_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/unit/command/audit_fixture.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Lets things happen instead of waiting, and says stop when nothing is left to.
class ScriptedWaiter final : public Waiter {
 public:
  bool Wait(std::chrono::milliseconds /*time*/) override {
    if (steps.empty()) return false;
    steps.front()();
    steps.erase(steps.begin());
    return true;
  }
  std::vector<std::function<void()>> steps;
};

class AuditTail : public AuditCommand {
 protected:
  std::vector<std::string> Lines(const AuditTailFlags& flags) {
    out_.str("");
    const FakeClock clock(At(600).wall);
    const auto done = TailAudit(flags, folder_, clock, waiter_, out_);
    error_ = done ? "" : done.error().Text();
    std::istringstream text(out_.str());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  ScriptedWaiter waiter_;
  std::string error_;
};

TEST_F(AuditTail, ShowsRecordsOneALine) {
  const std::string first = WriteIssue(1, "0a");
  const std::string jump = WriteJump(2);
  Note(3, "revoked", {{"serial", "0a"}});
  EXPECT_THAT(
      Lines({}),
      ElementsAre("2026-01-01T00:00:00.000Z  segment audit-00000000000000000001.jsonl begins",
                  "2026-01-01T00:00:01.000Z  allow issue  spiffe://example.org/web  entry_matched  "
                  "pid 4711 uid 1000 /usr/bin/web  serial 0a  " +
                      first,
                  "2026-01-01T00:00:02.000Z  refuse rotate  spiffe://example.org/web  "
                  "drift.executable  pid 4711 uid 1000 /bin/sleep  drift unix:path, unix:sha256  " +
                      jump,
                  "2026-01-01T00:00:03.000Z  notice high  revoked  serial=0a"));
  EXPECT_EQ(error_, "");
}

TEST_F(AuditTail, ShowsTheLastOnes) {
  for (int i = 0; i < 50; ++i) WriteIssue(i, std::to_string(i));
  EXPECT_THAT(Lines({}), SizeIs(20));
  EXPECT_THAT(Lines({.lines = 1}), ElementsAre(HasSubstr("serial 49 ")));
}

TEST_F(AuditTail, BeginsSoLongAgo) {
  for (int i = 0; i < 50; ++i) WriteIssue(i * 10, std::to_string(i));
  EXPECT_THAT(Lines({.since = Seconds(600 - 480)}),
              ElementsAre(HasSubstr("serial 48 "), HasSubstr("serial 49 ")));
  EXPECT_THAT(Lines({.since = Seconds(1)}), IsEmpty());
}

TEST_F(AuditTail, Filters) {
  WriteIssue(1, "0a");
  WriteIssue(2, "0b", {5000, 1});
  WriteJump(3);
  MadeEvent other = FirstIssue("0c");
  other.standing.lineage.id = "login:7";
  other.entries.front().entry = MadeEntry("db", "spiffe://example.org/db");
  Write(other);
  Note(4, "revoked", {{"serial", "0a"}});
  EXPECT_THAT(Lines({.verdict = "refuse"}), ElementsAre(HasSubstr("refuse rotate")));
  EXPECT_THAT(Lines({.pid = 5000}), ElementsAre(HasSubstr("serial 0b ")));
  EXPECT_THAT(Lines({.lineage = "login:7"}), ElementsAre(HasSubstr("serial 0c ")));
  EXPECT_THAT(Lines({.spiffe_id = "spiffe://example.org/db"}),
              ElementsAre(HasSubstr("serial 0c ")));
  EXPECT_THAT(Lines({.spiffe_id = "spiffe://example.org/web", .pid = 4711}), SizeIs(2));
  EXPECT_THAT(Lines({.verdict = "refuse", .pid = 5000}), IsEmpty());
  EXPECT_THAT(Lines({.pid = 700}), IsEmpty());  // A parent is somebody else.
}

TEST_F(AuditTail, FollowsAndStopsWhenTold) {
  WriteIssue(1, "0a");
  AuditFileOptions options;
  options.folder = folder_;
  options.segment_bytes = 1;
  log_.reset();
  log_ = *AuditFile::Open(options, At(1), disk_);
  waiter_.steps = {[this] { WriteIssue(2, "0b"); }, [] {},
                   [this] {
                     // Across a new segment.
                     EXPECT_TRUE(log_->Tend(At(2)));
                     WriteIssue(3, "0c");
                     EXPECT_TRUE(log_->Tend(At(3)));
                     WriteIssue(4, "0d");
                   }};
  const auto lines = Lines({.follow = true, .pid = 4711});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("serial 0a "), HasSubstr("serial 0b "),
                                 HasSubstr("serial 0c "), HasSubstr("serial 0d ")));
}

TEST_F(AuditTail, AsJsonIsWhatWasWritten) {
  const std::string id = WriteIssue(1, "0a");
  WriteJump(2);
  const auto lines = Lines({.verdict = "allow", .output = OutputFormat::kJson});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(ReadAll(folder_ + "/audit-00000000000000000001.jsonl"), HasSubstr(lines[0] + "\n"));
  EXPECT_EQ(nlohmann::json::parse(lines[0])["decision"], id);
}

TEST_F(AuditTail, DamagedLinesAreNotShownAndSaid) {
  WriteIssue(1, "0a");
  WriteIssue(2, "0b");
  const std::string path = folder_ + "/audit-00000000000000000001.jsonl";
  std::string text = ReadAll(path);
  text[text.find("\"0a\"") + 1] = '1';
  std::ofstream(path) << text;
  EXPECT_THAT(Lines({.pid = 4711}), ElementsAre(HasSubstr("serial 0b ")));
  EXPECT_THAT(error_, HasSubstr("1 lines are damaged"));
  folder_ = scratch_ / "none";
  Lines({});
  EXPECT_THAT(error_, EndsWith("does not exist"));
}

}  // namespace
}  // namespace surety
