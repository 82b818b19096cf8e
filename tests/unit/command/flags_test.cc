#include "agent/command/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace surety {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Result<CommandLine> Parse(std::initializer_list<const char*> words) {
  const std::vector<const char*> arguments(words);
  return ParseCommandLine(arguments);
}

template <typename Flags>
Flags Parsed(std::initializer_list<const char*> words, Flags otherwise = Flags()) {
  const auto line = Parse(words);
  if (!line) {
    ADD_FAILURE() << line.error().Text();
    return otherwise;
  }
  const auto* flags = std::get_if<Flags>(&*line);
  if (flags == nullptr) ADD_FAILURE() << "another command was read";
  return flags == nullptr ? otherwise : *flags;
}

std::string Refusal(std::initializer_list<const char*> words) {
  const auto line = Parse(words);
  if (line) return "accepted";
  EXPECT_EQ(line.error().code(), ErrorCode::kInvalidArgument);
  return line.error().Text();
}

TEST(Flags, SinkWaitsForAFolder) {
  const auto flags = Parsed<SinkWaitFlags>({"sink", "wait", "/f", "--timeout", "30s"});
  EXPECT_EQ(flags.folder, "/f");
  EXPECT_EQ(flags.timeout, 30s);
  EXPECT_THAT(Refusal({"sink"}), HasSubstr("surety sink wait FOLDER"));
  EXPECT_THAT(Refusal({"sink", "hold", "/f"}), HasSubstr("surety sink wait FOLDER"));
  EXPECT_THAT(Refusal({"sink", "wait"}), HasSubstr("Name the sink's folder"));
  EXPECT_THAT(Refusal({"sink", "wait", "/f", "/g"}), HasSubstr("/g"));
}

TEST(Flags, FetchHasDefaults) {
  const auto flags = Parsed<FetchFlags>({"fetch", "x509"});
  EXPECT_EQ(flags.socket, std::nullopt);
  EXPECT_EQ(flags.write_folder, std::nullopt);
  EXPECT_EQ(flags.timeout, 5s);
  EXPECT_EQ(flags.output, OutputFormat::kText);
}

TEST(Flags, FetchTakesAllOfItsFlagsInAnyOrder) {
  const auto flags = Parsed<FetchFlags>({"fetch", "--write", "out", "-o", "json", "x509",
                                         "--timeout=1m30s", "--socket", "unix:///x.sock"});
  EXPECT_EQ(flags.socket, "unix:///x.sock");
  EXPECT_EQ(flags.write_folder, "out");
  EXPECT_EQ(flags.timeout, 90s);
  EXPECT_EQ(flags.output, OutputFormat::kJson);
}

TEST(Flags, WatchTakesACount) {
  EXPECT_EQ(Parsed<WatchFlags>({"watch"}).count, std::nullopt);
  EXPECT_EQ(Parsed<WatchFlags>({"watch", "--count", "3"}).count, 3U);
}

TEST(Flags, StatusTakesTheAdminSocket) {
  EXPECT_EQ(Parsed<StatusFlags>({"status"}).admin.socket, "/run/surety/admin.sock");
  EXPECT_EQ(Parsed<StatusFlags>({"status", "-a", "/x"}).admin.socket, "/x");
}

TEST(Flags, AttestTakesAProcessId) {
  EXPECT_EQ(Parsed<AttestFlags>({"attest", "4711"}).pid, 4711);
  EXPECT_EQ(Parsed<AttestFlags>({"attest", "-o", "json", "1"}).output, OutputFormat::kJson);
}

TEST(Flags, QuarantineCommandsTakeAllOfTheirFlags) {
  EXPECT_EQ(Parsed<QuarantineListFlags>({"quarantine", "list", "-a", "/x"}).admin.socket, "/x");
  EXPECT_EQ(Parsed<BundleShowFlags>({"bundle", "show", "-a", "/x"}).admin.socket, "/x");
  const auto add =
      Parsed<QuarantineAddFlags>({"quarantine", "add", "--lineage", "unit:/web.service", "--entry",
                                  "web", "--duration", "1h", "--reason", "odd logins"});
  EXPECT_EQ(add.order.lineage, "unit:/web.service");
  EXPECT_EQ(add.order.pid, 0);
  EXPECT_EQ(add.order.entry_id, "web");
  EXPECT_EQ(add.order.duration, 1h);
  EXPECT_EQ(add.order.reason, "odd logins");
  EXPECT_EQ(Parsed<QuarantineAddFlags>({"quarantine", "add", "-p", "7", "-r", "x"}).order.pid, 7);
  const auto release =
      Parsed<QuarantineReleaseFlags>({"quarantine", "release", "3", "-r", "false alarm"});
  EXPECT_EQ(release.id, 3U);
  EXPECT_EQ(release.reason, "false alarm");
}

TEST(Flags, BundleCommandsTakeATrustDomainInEitherForm) {
  EXPECT_EQ(Parsed<BundleShowFlags>({"bundle", "show"}).trust_domain, std::nullopt);
  EXPECT_EQ(Parsed<BundleShowFlags>({"bundle", "show", "spiffe://o.org"}).trust_domain->name(),
            "o.org");
  EXPECT_TRUE(Parsed<BundleShowFlags>({"bundle", "show", "--map"}).map);
  EXPECT_EQ(Parsed<BundleListFlags>({"bundle", "list", "-a", "/x"}).admin.socket, "/x");
  const TrustDomain none = *TrustDomain::Parse("none");
  const auto set = Parsed({"bundle", "set", "o.org", "--file", "-"},
                          BundleSetFlags{.trust_domain = none, .file = {}});
  EXPECT_EQ(set.trust_domain.name(), "o.org");
  EXPECT_EQ(set.file, "-");
  EXPECT_EQ(Parsed({"bundle", "delete", "o.org"}, BundleDeleteFlags{.trust_domain = none})
                .trust_domain.name(),
            "o.org");
}

TEST(Flags, WrongBundleCommandsAreRefused) {
  EXPECT_THAT(Refusal({"bundle"}), HasSubstr("show, list, set or delete"));
  EXPECT_THAT(Refusal({"bundle", "sett"}), HasSubstr("did you mean \"set\"?"));
  EXPECT_THAT(Refusal({"bundle", "show", "o.org", "x"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"bundle", "show", "o.org", "--map"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"bundle", "show", "O.org"}), HasSubstr("O.org"));
  EXPECT_THAT(Refusal({"bundle", "list", "o.org"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"bundle", "set", "--file", "x"}), HasSubstr("whose bundle?"));
  EXPECT_THAT(Refusal({"bundle", "set", "o.org"}), HasSubstr("--file is missing"));
  EXPECT_THAT(Refusal({"bundle", "delete"}), HasSubstr("whose bundle?"));
}

TEST(Flags, WrongQuarantineCommandsAreRefused) {
  EXPECT_THAT(Refusal({"quarantine"}), HasSubstr("list, add or release"));
  EXPECT_THAT(Refusal({"quarantine", "ad"}), HasSubstr("did you mean \"add\"?"));
  EXPECT_THAT(Refusal({"quarantine", "list", "x"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-r", "x"}), HasSubstr("--lineage, --pid or --entry"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-e", "web"}), HasSubstr("--reason is missing"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-e", "web", "-r", ""}), HasSubstr("--reason"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-p", "1", "-l", "x", "-r", "x"}),
              HasSubstr("exclude each other"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-p", "x", "-r", "x"}), HasSubstr("no process id"));
  EXPECT_THAT(Refusal({"quarantine", "add", "-e", "w", "-d", "0s", "-r", "x"}),
              HasSubstr("--duration"));
  EXPECT_THAT(Refusal({"quarantine", "release", "-r", "x"}), HasSubstr("release which?"));
  EXPECT_THAT(Refusal({"quarantine", "release", "web", "-r", "x"}), HasSubstr("no quarantine's"));
  EXPECT_THAT(Refusal({"quarantine", "release", "1"}), HasSubstr("--reason is missing"));
}

TEST(Flags, RevokeTakesExactlyOneSubject) {
  EXPECT_EQ(Parsed<RevokeFlags>({"revoke", "--serial", "5fab", "-r", "x"}).order.serial, "5fab");
  EXPECT_EQ(Parsed<RevokeFlags>({"revoke", "--pid", "7", "-r", "x"}).order.pid, 7);
  EXPECT_EQ(Parsed<RevokeFlags>({"revoke", "-i", "spiffe://d/x", "-r", "x"}).order.spiffe_id,
            "spiffe://d/x");
  EXPECT_THAT(Refusal({"revoke", "-r", "x"}), HasSubstr("one of --serial"));
  EXPECT_THAT(Refusal({"revoke", "-p", "1", "-i", "x", "-r", "x"}), HasSubstr("one of --serial"));
  EXPECT_THAT(Refusal({"revoke", "-p", "1"}), HasSubstr("--reason is missing"));
}

TEST(Flags, AuditCommandsHaveDefaults) {
  const auto verify = Parsed<AuditVerifyFlags>({"audit", "verify"});
  EXPECT_EQ(verify.folder, std::nullopt);
  EXPECT_EQ(verify.checkpoint_file, std::nullopt);
  EXPECT_EQ(verify.key_file, std::nullopt);
  const auto tail = Parsed<AuditTailFlags>({"audit", "tail"});
  EXPECT_FALSE(tail.follow);
  EXPECT_EQ(tail.lines, 20U);
  EXPECT_EQ(tail.since, std::nullopt);
  EXPECT_EQ(Parsed<AuditWhyFlags>({"audit", "why", "4711"}).subject, "4711");
}

TEST(Flags, AuditCommandsTakeAllOfTheirFlags) {
  const auto verify = Parsed<AuditVerifyFlags>(
      {"audit", "verify", "--dir", "d", "--checkpoint", "c", "--key", "k", "-o", "json"});
  EXPECT_EQ(verify.folder, "d");
  EXPECT_EQ(verify.checkpoint_file, "c");
  EXPECT_EQ(verify.key_file, "k");
  EXPECT_EQ(verify.output, OutputFormat::kJson);
  const auto tail = Parsed<AuditTailFlags>(
      {"audit", "tail", "-f", "--dir", "d", "--lines", "5", "--since", "10m", "--verdict", "refuse",
       "--spiffe-id", "spiffe://example.org/web", "--pid", "7", "--lineage", "login:7"});
  EXPECT_TRUE(tail.follow);
  EXPECT_EQ(tail.folder, "d");
  EXPECT_EQ(tail.lines, 5U);
  EXPECT_EQ(tail.since, 10min);
  EXPECT_EQ(tail.verdict, "refuse");
  EXPECT_EQ(tail.spiffe_id, "spiffe://example.org/web");
  EXPECT_EQ(tail.pid, 7);
  EXPECT_EQ(tail.lineage, "login:7");
}

TEST(Flags, WrongAuditCommandsAreRefused) {
  EXPECT_THAT(Refusal({"audit"}), HasSubstr("verify, tail or why"));
  EXPECT_THAT(Refusal({"audit", "tial"}),
              HasSubstr("did you mean \"tail\"?; see surety audit --help"));
  EXPECT_THAT(Refusal({"audit", "verify", "x"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"audit", "tail", "x"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"audit", "why"}), HasSubstr("Write: surety audit why"));
  EXPECT_THAT(Refusal({"audit", "why", "1", "2"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"audit", "tail", "--verdict", "no"}), HasSubstr("not \"no\""));
  EXPECT_THAT(Refusal({"audit", "tail", "--pid", "0"}), HasSubstr("no process id"));
  EXPECT_THAT(Refusal({"audit", "tail", "--since", "10"}), HasSubstr("--since"));
  for (const char* lines : {"0", "x", "100001"})
    EXPECT_THAT(Refusal({"audit", "tail", "--lines", lines}), HasSubstr("--lines")) << lines;
}

TEST(Flags, PolicyCommandsHaveDefaults) {
  const auto check = Parsed<PolicyCheckFlags>({"policy", "check", "d"});
  EXPECT_EQ(check.source.folder, "d");
  EXPECT_FALSE(check.source.beneath);
  const auto show = Parsed<PolicyShowFlags>({"policy", "show"});
  EXPECT_EQ(show.source.folder, "");
  EXPECT_EQ(show.view, PolicyView::kTable);
  const auto test = Parsed<PolicyTestFlags>({"policy", "test", "a", "b"});
  EXPECT_EQ(test.files, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(test.full_coverage);
  EXPECT_FALSE(Parsed<PolicyEvalFlags>({"policy", "eval", "-"}).explain);
  EXPECT_EQ(Parsed<PolicySimulateFlags>({"policy", "simulate"}).audit, std::nullopt);
}

TEST(Flags, PolicyCommandsTakeAllOfTheirFlags) {
  const auto check = Parsed<PolicyCheckFlags>({"policy", "check", "--beneath", "d", "-o", "json"});
  EXPECT_TRUE(check.source.beneath);
  EXPECT_EQ(check.output, OutputFormat::kJson);
  EXPECT_EQ(Parsed<PolicyShowFlags>({"policy", "show", "--schema"}).view, PolicyView::kSchema);
  EXPECT_EQ(Parsed<PolicyShowFlags>({"policy", "show", "--cedar"}).view, PolicyView::kCedar);
  const auto test =
      Parsed<PolicyTestFlags>({"policy", "test", "-p", "d", "-b", "-m", "--full-coverage", "a"});
  EXPECT_EQ(test.source.folder, "d");
  EXPECT_TRUE(test.source.beneath);
  EXPECT_TRUE(test.source.monitor);
  EXPECT_TRUE(test.full_coverage);
  const auto eval = Parsed<PolicyEvalFlags>({"policy", "eval", "--explain", "f"});
  EXPECT_TRUE(eval.explain);
  EXPECT_EQ(eval.file, "f");
  const auto simulate =
      Parsed<PolicySimulateFlags>({"policy", "simulate", "--policies", "d", "--audit", "l"});
  EXPECT_EQ(simulate.source.folder, "d");
  EXPECT_EQ(simulate.audit, "l");
}

TEST(Flags, WrongPolicyCommandsAreRefused) {
  EXPECT_THAT(Refusal({"policy"}), HasSubstr("check, show, test, eval or simulate"));
  EXPECT_THAT(Refusal({"policy", "simulat"}),
              HasSubstr("did you mean \"simulate\"?; see surety policy --help"));
  EXPECT_THAT(Refusal({"policy", "check"}), HasSubstr("Write: surety policy check DIR"));
  EXPECT_THAT(Refusal({"policy", "check", ""}), HasSubstr("Write: surety policy check DIR"));
  EXPECT_THAT(Refusal({"policy", "check", "a", "b"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"policy", "show", "a"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"policy", "show", "--schema", "--cedar"}), HasSubstr("choose one"));
  EXPECT_THAT(Refusal({"policy", "show", "-p", ""}), HasSubstr("names no folder"));
  EXPECT_THAT(Refusal({"policy", "test"}), HasSubstr("Write: surety policy test FILE"));
  EXPECT_THAT(Refusal({"policy", "eval"}), HasSubstr("Write: surety policy eval FILE"));
  EXPECT_THAT(Refusal({"policy", "eval", "a", "b"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"policy", "simulate", "a"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"policy", "simulate", "--adit", "l"}), HasSubstr("\"--audit\"?"));
}

TEST(Flags, UnknownWordsAreRefusedWithWhatWasProbablyMeant) {
  EXPECT_THAT(Refusal({"fetsh"}), HasSubstr("did you mean \"fetch\"?; see surety --help"));
  EXPECT_THAT(Refusal({"fetch", "x509", "--soket", "x"}),
              HasSubstr("\"--soket\", did you mean \"--socket\"?; see surety fetch --help"));
  EXPECT_THAT(Refusal({"watch", "--cuont=1"}), HasSubstr("did you mean \"--count\"?"));
  EXPECT_THAT(Refusal({"zzzzzzzz"}), HasSubstr("unknown command \"zzzzzzzz\"; see"));
  EXPECT_THAT(Refusal({"\x1b[1m"}), HasSubstr("\\x1b"));
}

TEST(Flags, AbbreviationsAreRefused) {
  EXPECT_THAT(Refusal({"fetch", "x509", "--sock", "unix:///x"}), HasSubstr("unknown flag"));
}

TEST(Flags, WrongValuesAreRefused) {
  EXPECT_THAT(Refusal({}), HasSubstr("name a command"));
  EXPECT_THAT(Refusal({"fetch"}), HasSubstr("Write: surety fetch x509"));
  EXPECT_THAT(Refusal({"fetch", "spiffe"}), HasSubstr("only x509"));
  EXPECT_THAT(Refusal({"fetch", "jwt"}), HasSubstr("--audience is missing"));
  EXPECT_THAT(Refusal({"fetch", "wit", "x"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"fetch", "wit", "-a", "x"}), HasSubstr("-a"));
  EXPECT_THAT(Refusal({"fetch", "jwt", "-a", "x", "y"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"validate", "-a", "x"}), HasSubstr("validate what?"));
  EXPECT_THAT(Refusal({"validate", "jwt"}), HasSubstr("--audience is missing"));
  EXPECT_THAT(Refusal({"validate", "jwt", "-a", "x", "f", "g"}), HasSubstr("one word too many"));
  EXPECT_THAT(Refusal({"fetch", "x509", "again"}), HasSubstr("\"again\" is one word too many"));
  EXPECT_THAT(Refusal({"fetch", "x509", "-o", "yaml"}), HasSubstr("\"text\" or \"json\""));
  EXPECT_THAT(Refusal({"fetch", "x509", "-t", "5"}), HasSubstr("--timeout"));
  EXPECT_THAT(Refusal({"fetch", "x509", "-t", "0s"}), HasSubstr("between 1s and 1d"));
  EXPECT_THAT(Refusal({"fetch", "x509", "-t", "2d"}), HasSubstr("between 1s and 1d"));
  EXPECT_THAT(Refusal({"fetch", "x509", "--socket"}), HasSubstr("--socket"));
  EXPECT_THAT(Refusal({"watch", "x509"}), HasSubstr("one word too many"));
  for (const char* count : {"0", "-1", "x", "1x", "", "99999999999999999999999"})
    EXPECT_THAT(Refusal({"watch", "--count", count}), HasSubstr("--count")) << count;
  for (const char* pid : {"0", "x", "1x", "4294967297"})
    EXPECT_THAT(Refusal({"attest", pid}), HasSubstr("no process id")) << pid;
  EXPECT_THAT(Refusal({"attest"}), HasSubstr("Write: surety attest PID"));
}

TEST(Flags, HelpNamesEveryFlagOfItsCommand) {
  EXPECT_THAT(Parsed<PrintedText>({"--help"}).text, HasSubstr("surety fetch x509"));
  EXPECT_THAT(Parsed<PrintedText>({"fetch", "--help"}).text, HasSubstr("--write"));
  EXPECT_THAT(Parsed<PrintedText>({"watch", "-h"}).text, HasSubstr("--count"));
  EXPECT_THAT(Parsed<PrintedText>({"status", "--help"}).text, HasSubstr("--admin-socket"));
  EXPECT_THAT(Parsed<PrintedText>({"attest", "--help"}).text, HasSubstr("--timeout"));
  EXPECT_THAT(Parsed<PrintedText>({"audit", "--help"}).text, HasSubstr("surety audit why"));
  EXPECT_THAT(Parsed<PrintedText>({"audit", "verify", "--help"}).text, HasSubstr("--checkpoint"));
  EXPECT_THAT(Parsed<PrintedText>({"audit", "tail", "-h"}).text, HasSubstr("--follow"));
  EXPECT_THAT(Parsed<PrintedText>({"audit", "why", "--help"}).text, HasSubstr("--dir"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "--help"}).text, HasSubstr("surety policy eval"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "check", "--help"}).text, HasSubstr("--beneath"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "show", "-h"}).text, HasSubstr("--schema"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "test", "-h"}).text, HasSubstr("--full-coverage"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "eval", "-h"}).text, HasSubstr("--explain"));
  EXPECT_THAT(Parsed<PrintedText>({"policy", "simulate", "-h"}).text, HasSubstr("--audit"));
}

TEST(Flags, VersionIsAskedForByFlag) {
  EXPECT_THAT(Parsed<PrintedText>({"--version"}).text, ::testing::MatchesRegex("surety [0-9.]+\n"));
}

}  // namespace
}  // namespace surety
