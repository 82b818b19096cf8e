#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/identity/entry_cases.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(EntriesFileTest, ReadsEveryKey) {
  Diagnostics diagnostics;
  const auto entries = ParseEntriesFile(R"([[entry]]
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
  const auto entries =
      ParseEntriesFile(EntryWithId("\"spiffe://example.org/prod/web\""), diagnostics);
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
    EXPECT_THAT(ParseEntriesFile(text, diagnostics), SizeIs(0));
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
          {EntryWith("x509_tll = \"10m\""),
           {2, 1},
           "unknown key \"x509_tll\" in [[entry]]",
           "did you mean \"x509_ttl\"?"},
          {EntryWith("  colour = 1"),
           {2, 3},
           "unknown key \"colour\"",
           "known keys are spiffe_id, id,"},
          {EntryWith("hint.x = 1"), {2, 1}, "hint is a table, not a string", "hint = \"internal\""},
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

TEST(EntriesFileTest, IdsAndHintsAreUnique) {
  const std::string first = EntryWith("hint = \"a\"");
  ExpectEach(
      {
          {first + EntryWithId("\"spiffe://example.org/web\""),
           {6, 13},
           "derived from the SPIFFE ID, \"web\", is that of the entry at f.toml:3:13",
           "id = \"web-2\""},
          {first + EntryWith("id = \"web\""),
           {6, 6},
           "the id \"web\", is that of the entry at f.toml:3:13",
           "an id of its own"},
          {first + EntryWith("id = \"b\"\nhint = \"a\""),
           {7, 8},
           "the hint \"a\" is that of the entry at f.toml:2:8",
           "a hint of its own"},
      },
      Severity::kError);
}

TEST(EntriesFileTest, AllErrorsAreToldAtOnce) {
  Diagnostics diagnostics;
  ParseEntriesFile(R"([[entry]]
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
