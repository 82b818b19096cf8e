#include "agent/metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

namespace surety {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class NoLog final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& /*event*/) override { return std::string(); }
  Result<void> Note(const AuditNotice& /*notice*/) override { return {}; }
};

class ExpositionTest : public testing::Test {
 protected:
  std::string Text() const { return Exposition(counted_, snapshot_); }

  NoLog log_;
  CountedRecord counted_{log_, {.selectors = {"unix:path"}, .attestors = {"unix"}}};
  MetricsSnapshot snapshot_;
};

TEST_F(ExpositionTest, SaysWhatTheStatusSays) {
  snapshot_.status.version = "1.2.3";
  snapshot_.status.degraded = {"something", "something else"};
  snapshot_.status.load.streams = 7;
  snapshot_.status.load.refused_calls_total = 9;
  snapshot_.watcher.mode = WakeMode::kSweep;
  snapshot_.watcher.overflows_total = 4;
  snapshot_.jwt.not_after = WallTime(Seconds(1'800'000'000));
  snapshot_.crl_number = 12;
  snapshot_.crl_next_update = WallTime(Seconds(1'800'000'001));
  snapshot_.plugins = {{"slurm", false}};
  EXPECT_THAT(
      Text(),
      AllOf(HasSubstr("surety_build_info{version=\"1.2.3\"} 1\n"), HasSubstr("surety_degraded 2\n"),
            HasSubstr("surety_streams 7\n"),
            HasSubstr("surety_limit_refusals_total{of=\"call\"} 9\n"),
            HasSubstr("surety_wake_mode{mode=\"events\"} 0\n"),
            HasSubstr("surety_wake_mode{mode=\"sweep\"} 1\n"),
            HasSubstr("surety_kernel_events_lost_total 4\n"),
            HasSubstr("surety_ca_not_after_timestamp_seconds{signs=\"jwt\"} 1800000000\n")));
  EXPECT_THAT(Text(), AllOf(HasSubstr("surety_crl_number 12\n"),
                            HasSubstr("surety_crl_next_update_timestamp_seconds 1800000001\n"),
                            HasSubstr("surety_plugin_answers{plugin=\"slurm\"} 0\n")));
}

TEST_F(ExpositionTest, AnAuditLogThatCannotBeWrittenIsNotWritable) {
  EXPECT_THAT(Text(), HasSubstr("surety_audit_writable 1\n"));
  snapshot_.audit_unrecorded = 3;
  EXPECT_THAT(Text(), AllOf(HasSubstr("surety_audit_writable 0\n"),
                            HasSubstr("surety_audit_unrecorded 3\n")));
}

TEST_F(ExpositionTest, FilesThatWereNotTakenAreTold) {
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("surety_entries_taken 1\n"), HasSubstr("surety_policies_taken 1\n")));
  snapshot_.status.entries.last_error = "web.toml:1:1: no";
  snapshot_.policies_taken = false;
  EXPECT_THAT(Text(), AllOf(HasSubstr("surety_entries_taken 0\n"),
                            HasSubstr("surety_policies_taken 0\n"), Not(HasSubstr("web.toml"))));
}

TEST_F(ExpositionTest, ATimeThatIsNotKnownIsLeftOut) {
  EXPECT_THAT(Text(), Not(HasSubstr("timestamp_seconds")));
}

// The format as Prometheus' documentation has it ("Text-based format").
TEST_F(ExpositionTest, EveryLineIsOfTheFormatAndEveryFamilyStandsOnce) {
  snapshot_.status.version = "a\"b\\c\nd";
  const std::regex comment("# (HELP|TYPE) [a-z_]+ .+");
  const std::regex sample(
      R"(([a-z_]+)(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? [-+.0-9eInf]+)");
  std::istringstream text(Text());
  std::set<std::string> types;
  for (std::string line; std::getline(text, line);) {
    EXPECT_TRUE(std::regex_match(line, line.front() == '#' ? comment : sample)) << line;
    if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(types.insert(line).second) << line;
    }
  }
  EXPECT_GT(types.size(), 30U);
}

TEST_F(ExpositionTest, SaysWhatTheProcessUses) {
  const std::string text = Text();
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex("\nprocess_open_fds ([0-9]+)\n")));
  EXPECT_GE(std::stoi(found[1]), 3);
  ASSERT_TRUE(std::regex_search(text, found, std::regex("\nprocess_resident_memory_bytes (.*)\n")));
  EXPECT_GT(std::stod(found[1]), 1e6);
}

}  // namespace
}  // namespace surety
