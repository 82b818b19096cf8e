#include "agent/identity/entries_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

EntryRules Rules() {
  return {.trust_domain = *TrustDomain::Parse("example.org"),
          .default_ttl = Seconds(900),
          .ca_ttl = Seconds(7 * 86'400),
          .known_selectors = {"unix:uid", "unix:path", "unix:sha256", "cgroup"}};
}

std::vector<LocatedEntry> Parse(const std::string& text, Diagnostics& diagnostics) {
  auto entries = ParseEntries("f.toml", text, Rules(), diagnostics);
  RefuseDuplicates(entries, diagnostics);
  return entries;
}

void ExpectEach(const std::vector<DiagnosticCase>& cases, Severity severity) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    Parse(each.text, diagnostics);
    ExpectOne(each, severity, diagnostics);
  }
}

/// An entry of which the line after the heading is `line`, and the rest is right.
std::string With(const std::string& line) {
  return "[[entry]]\n" + line +
         "\nspiffe_id = \"spiffe://example.org/web\"\nselectors = [\"unix:uid:1\"]\n";
}
std::string WithId(const std::string& value) {
  return "[[entry]]\nspiffe_id = " + value + "\nselectors = [\"unix:uid:1\"]\n";
}
std::string WithSelectors(const std::string& value) {
  return "[[entry]]\nspiffe_id = \"spiffe://example.org/web\"\nselectors = " + value + "\n";
}

TEST(EntriesFileTest, ReadsEveryKey) {
  Diagnostics diagnostics;
  const auto entries = Parse(R"([[entry]]
id = "web"
spiffe_id = "spiffe://example.org/prod/web"
selectors = ["unix:uid:1001", "unix:path:/usr/bin/web"]
x509_ttl = "10m"
hint = "internal"
dns_names = ["web.internal"]
priority = -10
pins = ["unix:uid", "cgroup", "unix:path"]
revoke_on_exit = false
jwt_ttl = "30s"
wit_ttl = "40s"
jwt_audiences = ["reports", "spiffe://example.org/db"]
federates_with = ["partner.example", "other.org"]
)",
                             diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  ASSERT_THAT(entries, SizeIs(1));
  const Entry& entry = entries[0].entry;
  EXPECT_EQ(entry.id, "web");
  EXPECT_EQ(entry.spiffe_id.Text(), "spiffe://example.org/prod/web");
  EXPECT_EQ(entry.selectors, (SelectorSet{{"unix", "uid:1001"}, {"unix", "path:/usr/bin/web"}}));
  EXPECT_EQ(entry.x509_ttl, Seconds(600));
  EXPECT_EQ(entry.hint, "internal");
  EXPECT_THAT(entry.dns_names, ElementsAre("web.internal"));
  EXPECT_EQ(entry.priority, -10);
  EXPECT_EQ(entry.pins, (std::vector<std::string>{"cgroup", "unix:path", "unix:uid"}))
      << "sorted, so that another order is no change";
  EXPECT_FALSE(entry.revoke_on_exit);
  EXPECT_EQ(entry.jwt_ttl, Seconds(30));
  EXPECT_EQ(entry.wit_ttl, Seconds(40));
  EXPECT_EQ(entry.jwt_audiences, (std::vector<std::string>{"reports", "spiffe://example.org/db"}));
  EXPECT_THAT(entry.federates_with,
              ElementsAre(*TrustDomain::Parse("other.org"), *TrustDomain::Parse("partner.example")))
      << "sorted";
}

TEST(EntriesFileTest, FillsInWhatMayBeLeftOut) {
  Diagnostics diagnostics;
  const auto entries = Parse(WithId("\"spiffe://example.org/prod/web\""), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  ASSERT_THAT(entries, SizeIs(1));
  const Entry& entry = entries[0].entry;
  EXPECT_EQ(entry.id, "prod/web");
  EXPECT_EQ(entry.x509_ttl, Seconds(900));
  EXPECT_EQ(entry.hint, "");
  EXPECT_THAT(entry.dns_names, SizeIs(0));
  EXPECT_EQ(entry.priority, 0);
  EXPECT_EQ(entry.pins, std::nullopt);
  EXPECT_TRUE(entry.revoke_on_exit);
  EXPECT_EQ(entry.jwt_ttl, Seconds(300));
  EXPECT_EQ(entry.wit_ttl, Seconds(300));
  EXPECT_EQ(entry.jwt_audiences, std::nullopt);
  EXPECT_THAT(entry.federates_with, SizeIs(0));
}

TEST(EntriesFileTest, FileWithoutEntriesIsRight) {
  for (const std::string text : {"", "# nothing\n", "entry = []\n"}) {
    Diagnostics diagnostics;
    EXPECT_THAT(Parse(text, diagnostics), SizeIs(0));
    EXPECT_EQ(AllOf(diagnostics), "");
  }
}

TEST(EntriesFileTest, SyntaxErrorsAreToldWithTheirPlace) {
  ExpectEach(
      {
          {"[[entry]]\nspiffe_id = \n", {2, 13}, "not valid TOML", "correct the syntax"},
          {"[[entry]]\nid = \"a\"\nid = \"b\"\n", {3, 6}, "cannot redefine", "correct"},
          {"# \xff\n", {1, 2}, "utf-8", "correct"},
          {"a" + std::string(40, '.') + "b = 1", {1, 18}, "more than 16 dots", "right file"},
          {"x = " + std::string(1000, '['), {1, 261}, "nested", "correct"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, UnknownKeysAreToldWithTheNearestKnownOne) {
  ExpectEach(
      {
          {With("x509_tll = \"10m\""),
           {2, 1},
           "unknown key \"x509_tll\" in [[entry]]",
           "did you mean \"x509_ttl\"?"},
          {With("  colour = 1"), {2, 3}, "unknown key \"colour\"", "known keys are spiffe_id, id,"},
          {With("hint.x = 1"), {2, 1}, "hint is a table, not a string", "hint = \"internal\""},
          {"[entryes]\n", {1, 2}, "unknown key \"entryes\"", "did you mean \"entry\"?"},
          {"\"\\u001b[2J\" = 1\n", {1, 1}, R"(unknown key "\x1b[2J")", "entry"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, EntriesStandUnderDoubleBrackets) {
  ExpectEach(
      {
          {"[entry]\n", {1, 1}, "entry is a table", "[[entry]]"},
          {"entry = \"x\"\n", {1, 9}, "entry is a string", "[[entry]]"},
          {"entry = [1]\n", {1, 10}, "an element of entry is an integer", "[[entry]]"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, SpiffeIdIsAWorkloadOfOurTrustDomain) {
  ExpectEach(
      {
          {"[[entry]]\nselectors = [\"unix:uid:1\"]\n", {1, 1}, "no spiffe_id", "add spiffe_id"},
          {WithId("1"), {2, 13}, "spiffe_id is an integer, not a string", "spiffe_id = \"spiffe"},
          {WithId("\"web\""), {2, 13}, "'w' at byte 1", "spiffe://example.org/web"},
          {WithId("\"spiffe://example.org/a/\""), {2, 13}, "ends with '/'", "write it as"},
          {WithId("\"spiffe://example.org/" + std::string(2048, 'a') + "\""),
           {2, 13},
           "at most 2048",
           "write it as"},
          {WithId("\"spiffe://other.org/web\""),
           {2, 13},
           "trust domain \"other.org\", and this daemon speaks for \"example.org\"",
           "spiffe://example.org/web"},
          {WithId("\"spiffe://example.org\""), {2, 13}, "has no path", "name the workload"},
          {WithId("\"spiffe://example.org/spire\""), {2, 13}, "reserved", "another path"},
          {WithId("\"spiffe://example.org/spire/agent/x\""), {2, 13}, "reserved", "another path"},
      },
      Severity::kError);
  Diagnostics diagnostics;
  Parse(WithId("\"spiffe://example.org/spire2\""), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "") << "not below /spire";
}

TEST(EntriesFileTest, SelectorsSayWhichProcesses) {
  ExpectEach(
      {
          {"[[entry]]\nspiffe_id = \"spiffe://example.org/a\"\n",
           {1, 1},
           "match every process",
           "selectors = [\"unix:uid:1001\"]"},
          {WithSelectors("[]"), {3, 13}, "match every process", "selectors = [\"unix:uid:1001\"]"},
          {WithSelectors("\"unix:uid:1\""),
           {3, 13},
           "selectors is a string, not an array",
           "selectors = ["},
          {WithSelectors("[\"unix:uid:1\", 7]"),
           {3, 28},
           "an element of selectors is an integer",
           "selectors = ["},
          {WithSelectors("[\"unix\"]"), {3, 14}, "is not written type:value", "surety attest PID"},
          {WithSelectors("[\"unix:\"]"), {3, 14}, "is not written type:value", "surety attest PID"},
          {WithSelectors("[\":uid\"]"), {3, 14}, "is not written type:value", "surety attest PID"},
          {WithSelectors("[\"unix:uid:1\\n\"]"), {3, 14}, "control character", "type:value"},
          {WithSelectors("[\"unix:uid:1 \"]"), {3, 14}, "a space around", "remove"},
          {WithSelectors("[\"unux:uid:1\"]"),
           {3, 14},
           "type \"unux\", which no attestor",
           "did you mean \"unix\"?"},
          {WithSelectors("[\"docker:label:x\"]"),
           {3, 14},
           "type \"docker\", whose attestor is switched off",
           "add the section [attestors.docker]"},
          {WithSelectors("[\"nonsense:x\"]"),
           {3, 14},
           "type \"nonsense\", which no attestor",
           "known are unix, cgroup"},
          {WithSelectors("[\"unix:user_id:1\"]"),
           {3, 14},
           "kind \"unix:user_id\", which no attestor",
           "did you mean \"unix:uid\"?"},
          {WithSelectors("[\"unix:supplementary_gid:7\"]"),
           {3, 14},
           "kind \"unix:supplementary_gid\"",
           "known are unix:uid, unix:path, unix:sha256"},
          {WithSelectors("[\"unix:pth:/x\"]"),
           {3, 14},
           "kind \"unix:pth\"",
           "did you mean \"unix:path\"?"},
          {WithSelectors("[\"unix:path:" + std::string(8192, 'x') + "\"]"),
           {3, 14},
           "longer than 8192",
           "shorten"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, SelectorsOfATypeWithoutKnownKindsAreTaken) {
  Diagnostics diagnostics;
  Parse(WithSelectors("[\"cgroup:anything:x\"]"), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
}

TEST(EntriesFileTest, EntryHasAtMost64Selectors) {
  std::string many = "[";
  for (int i = 0; i < 65; ++i) many += "\"unix:uid:" + std::to_string(i) + "\",";
  ExpectEach({{WithSelectors(many + "]"), {3, 13}, "selectors has 65 elements", "at most 64"}},
             Severity::kError);
}

TEST(EntriesFileTest, PinsAreKindsThatSomeAttestorMakes) {
  ExpectEach(
      {
          {With("pins = []"), {2, 8}, "nothing that the process becomes", "leave pins out"},
          {With("pins = \"unix:uid\""),
           {2, 8},
           "is a string, not an array",
           "pins = [\"unix:uid\""},
          {With("pins = [true]"), {2, 9}, "an element of pins is a boolean", "pins = ["},
          {With("pins = [\"unix:uid\", \"unix:pth\"]"),
           {2, 21},
           "pin \"unix:pth\" is of the kind \"unix:pth\", which no attestor here makes",
           "did you mean \"unix:path\"? known are unix:uid, unix:path, unix:sha256"},
          {With("pins = [\"unix:supplementary_gid\"]"),
           {2, 9},
           "of the kind \"unix:supplementary_gid\"",
           "known are unix:uid, unix:path, unix:sha256"},
          {With("pins = [\"docker\"]"),
           {2, 9},
           "pin \"docker\" is of the type \"docker\", whose attestor is switched off",
           "add the section [attestors.docker]"},
          {With("pins = [\"unix:uid:1001\"]"), {2, 9}, "has a value", "write \"unix:uid\""},
          {With("pins = [\"unix:user_id:7\"]"),
           {2, 9},
           "of the kind \"unix:user_id\"",
           "known are"},
          {With("pins = [\"\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {With("pins = [\"unix:\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {With("pins = [\":uid\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {With("pins = [\"cgroup::x\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {With("pins = [\"unix:uid \"]"), {2, 9}, "which no attestor here makes", "\"unix:uid\"?"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, EntryHasAtMost64Pins) {
  std::string many = "pins = [";
  for (int i = 0; i < 65; ++i) many += "\"cgroup:k" + std::to_string(i) + "\",";
  ExpectEach({{With(many + "]"), {2, 8}, "pins has 65 elements", "at most 64"}}, Severity::kError);
}

TEST(EntriesFileTest, PinsMayNameATypeAndKindsOfATypeWithoutKnownOnes) {
  Diagnostics diagnostics;
  const auto entries = Parse(With("pins = [\"unix\", \"cgroup:anything\"]"), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].entry.pins, (std::vector<std::string>{"cgroup:anything", "unix"}));
}

TEST(EntriesFileTest, OtherKeysAreJudgedToo) {
  ExpectEach(
      {
          {With("id = \"\""), {2, 6}, "id \"\" is not 1 to 2048 bytes", "leave it out"},
          {With("id = \"a b\""), {2, 6}, "id \"a b\"", "leave it out"},
          {With("id = 7"), {2, 6}, "id is an integer, not a string", "id = \"web\""},
          {With("x509_ttl = \"10\""), {2, 12}, "\"10\" is not a duration", "x509_ttl = \"10m\""},
          {With("x509_ttl = 10"), {2, 12}, "x509_ttl is an integer", "x509_ttl = \"10m\""},
          {With("x509_ttl = \"9s\""), {2, 12}, "shorter than 10s", "from 10s to 30d"},
          {With("x509_ttl = \"31d\""), {2, 12}, "longer than 30d", "from 10s to 30d"},
          {With("hint = \"" + std::string(1025, 'x') + "\""), {2, 8}, "1025 bytes", "shorten"},
          {With("hint = \"a\\u0007\""), {2, 8}, "control character", "hint = "},
          {With("hint = true"), {2, 8}, "hint is a boolean", "hint = \"internal\""},
          {With("dns_names = \"web\""), {2, 13}, "dns_names is a string, not an array", "[\"web"},
          {With("dns_names = [\"web.internal\", \"10.0.0.1\"]"),
           {2, 30},
           "ends in a number",
           "web.internal"},
          {With("dns_names = [1979-05-27]"),
           {2, 14},
           "an element of dns_names is a date",
           "[\"web"},
          {With("priority = 2147483648"), {2, 12}, "2147483648 is too large", "2147483647"},
          {With("priority = -2147483649"), {2, 12}, "-2147483649 is too large", "-2147483648"},
          {With("revoke_on_exit = \"no\""),
           {2, 18},
           "revoke_on_exit is a string, not true or false",
           "revoke_on_exit = false"},
          {With("jwt_ttl = \"2d\""), {2, 11}, "jwt_ttl", "1d"},
          {With("jwt_audiences = [\"\"]"), {2, 18}, "an audience is empty", "reports"},
          {With("jwt_audiences = \"reports\""), {2, 17}, "jwt_audiences is a string", "reports"},
          {With("federates_with = [\"spiffe://other.org\"]"),
           {2, 19},
           "federates_with",
           "bare names"},
          {With("federates_with = [\"example.org\"]"),
           {2, 19},
           "our own trust domain",
           "remove it"},
          {With("priority = 1.5"), {2, 12}, "priority is a float, not an integer", "priority = 10"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, WhatIsProbablyNotMeantIsAWarning) {
  ExpectEach(
      {
          {With("x509_ttl = \"8d\""),
           {2, 12},
           "longer than the signer's own lifetime (ca_ttl is 7d)",
           "shorter x509_ttl"},
          {With("jwt_ttl = \"2h\""), {2, 11}, "cannot be revoked", "an hour or less"},
          {With("wit_ttl = \"2h\""), {2, 11}, "wit_ttl is 2h", "an hour or less"},
          {With("jwt_audiences = []"), {2, 17}, "no token for anybody", "allow any"},
          {With("federates_with = [\"o.org\", \"o.org\"]"),
           {2, 28},
           "is there twice",
           "remove one"},
          {With("jwt_audiences = [\"a\", \"a\"]"), {2, 23}, "is there twice", "remove one"},
          {With("dns_names = [\"a.b\", \"a.b\"]"), {2, 21}, "\"a.b\" is there twice", "remove one"},
          {With("pins = [\"unix:uid\", \"unix:uid\"]"),
           {2, 21},
           "pin \"unix:uid\" is",
           "remove one"},
          {WithSelectors("[\"unix:uid:1\", \"unix:uid:1\"]"),
           {3, 28},
           "is there twice",
           "remove one"},
      },
      Severity::kWarning);
}

TEST(EntriesFileTest, IdsAndHintsAreUnique) {
  const std::string first = With("hint = \"a\"");
  ExpectEach(
      {
          {first + WithId("\"spiffe://example.org/web\""),
           {6, 13},
           "derived from the SPIFFE ID, \"web\", is that of the entry at f.toml:3:13",
           "id = \"web-2\""},
          {first + With("id = \"web\""),
           {6, 6},
           "the id \"web\", is that of the entry at f.toml:3:13",
           "an id of its own"},
          {first + With("id = \"b\"\nhint = \"a\""),
           {7, 8},
           "the hint \"a\" is that of the entry at f.toml:2:8",
           "a hint of its own"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, AllErrorsAreToldAtOnce) {
  Diagnostics diagnostics;
  Parse(R"([[entry]]
spiffe_id = "http://x"
selectors = []
colour = 1
[[entry]]
id = "a"
spiffe_id = "spiffe://example.org/a"
selectors = ["nope"]
x509_ttl = "soon"
[[entry]]
id = "a"
spiffe_id = "spiffe://example.org/b"
selectors = ["unix:uid:1"]
dns_names = ["X"]
[other]
)",
        diagnostics);
  std::vector<std::string> places;
  for (const auto& item : diagnostics.items()) places.push_back(PlaceOf(item));
  EXPECT_THAT(places, testing::UnorderedElementsAre("f.toml:2:13", "f.toml:3:13", "f.toml:4:1",
                                                    "f.toml:8:14", "f.toml:9:12", "f.toml:14:14",
                                                    "f.toml:15:2", "f.toml:11:6"))
      << AllOf(diagnostics);
}

}  // namespace
}  // namespace surety
