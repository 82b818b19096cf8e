#include "agent/command/entry_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kNow = 1'800'000'000;
const std::vector<std::string> kKnown{"unix:uid", "unix:path", "k8s:ns"};

SpireEntry Web() {
  SpireEntry web;
  web.id = "1";
  web.trust_domain = "example.org";
  web.path = "/web";
  web.parent = "spiffe://example.org/node";
  web.selectors = {"unix:uid:1001"};
  return web;
}

ImportedEntries Import(const std::vector<SpireEntry>& entries,
                       const EntryImportFlags& flags = {.file = "-",
                                                        .parent = "spiffe://example.org/node"}) {
  return ImportSpireEntries(entries, flags, kKnown, kNow);
}

TEST(EntryImport, WritesWhatItHasAndIsSilent) {
  SpireEntry web = Web();
  web.x509_ttl = 3600;
  web.dns_names = {"web.internal"};
  const auto all = Import({web});
  EXPECT_EQ(all.written, 1U);
  EXPECT_THAT(all.remarks, IsEmpty());
  EXPECT_THAT(all.toml, HasSubstr("x509_ttl = \"1h\"\ndns_names = [\"web.internal\"]\n"));
}

TEST(EntryImport, NamesEntriesOfOneSpiffeIdApart) {
  const auto all = Import({Web(), Web()});
  EXPECT_THAT(all.toml, HasSubstr("id = \"web\"\n"));
  EXPECT_THAT(all.toml, HasSubstr("id = \"web-2\"\n"));
}

TEST(EntryImport, LeavesOutWhatWouldBeWiderHere) {
  std::vector<SpireEntry> entries(6, Web());
  entries[0].selectors.emplace_back("k8s:sa:cart");
  entries[1].expires_at = kNow + 1;
  entries[2].expires_at = kNow;
  entries[3].downstream = true;
  entries[4].parent = "spiffe://example.org/spire/server";
  entries[5].parent = "spiffe://example.org/other";
  const auto all = Import(entries);
  EXPECT_EQ(all.written, 0U);
  EXPECT_EQ(all.left_out, 6U);
  EXPECT_THAT(all.remarks,
              ElementsAre(HasSubstr("k8s:sa"), HasSubstr("it expires"), HasSubstr("has expired"),
                          HasSubstr("downstream"), HasSubstr("names nodes"),
                          HasSubstr("for another node: spiffe://example.org/other")));
}

TEST(EntryImport, SaysWhatItDropsOfAnEntryThatItWrites) {
  SpireEntry web = Web();
  web.admin = true;
  web.federates_with = {"partner.example"};
  web.unknown = {"novelty"};
  web.jwt_ttl = 1;
  const auto all = Import({web});
  EXPECT_EQ(all.written, 1U);
  EXPECT_THAT(all.remarks,
              ElementsAre(HasSubstr("jwt_ttl is 10s instead of 1 s"), HasSubstr("without admin"),
                          HasSubstr("federates_with partner.example"), HasSubstr("novelty")));
}

TEST(EntryImport, CarriesOverWhomAnEntryFederatesWith) {
  SpireEntry web = Web();
  web.federates_with = {"spiffe://partner.example", "other.org"};
  EXPECT_THAT(Import({web}).toml,
              HasSubstr("federates_with = [\"partner.example\", \"other.org\"]"));
}

TEST(EntryImport, EscapesWhatItPrints) {
  SpireEntry web = Web();
  web.id = "\x1b[2J\n[[entry]]";
  web.selectors = {"unix:path:/a\"\x1b\\b"};
  const auto all = Import({web});
  EXPECT_EQ(all.written, 1U);
  EXPECT_THAT(all.toml, Not(HasSubstr("\x1b")));
  EXPECT_THAT(all.toml, HasSubstr(R"("unix:path:/a\"\\x1b\\x5cb")"));
}

TEST(EntryImport, ChangesTheTrustDomainIfAsked) {
  const auto all = Import({Web()}, {.file = "-", .trust_domain = "new.example"});
  EXPECT_THAT(all.toml, HasSubstr("spiffe://new.example/web"));
}

TEST(SpireExport, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"entries":{}})", R"({"entries":[1]})",
        R"({"entries":[{"spiffe_id":"spiffe://a/b"}]})",
        R"({"entries":[{"selectors":[{"value":"uid:1"}]}]})",
        R"({"entries":[{"selectors":["unix:uid:1"]}]})", R"({"entries":[{"admin":"yes"}]})",
        R"({"entries":[{"expires_at":"soon"}]})", R"({"entries":[{"expires_at":1e30}]})"})
    EXPECT_FALSE(ParseSpireExport(text)) << text;
}

TEST(SpireExport, ReadsNumbersAsProtobufWritesThem) {
  const auto entries =
      ParseSpireExport(R"({"entries":[{"expires_at":"17","x509_svid_ttl":60,"hint":null}]})");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->front().expires_at, 17);
  EXPECT_EQ(entries->front().x509_ttl, 60);
}

TEST(ImportEntries, FailsIfNothingIsLeft) {
  std::istringstream in(R"({"entries":[{"id":"1"}]})");
  std::ostringstream out;
  std::ostringstream remarks;
  EXPECT_FALSE(ImportEntries({.file = "-"}, kKnown, kNow, in, out, remarks));
  EXPECT_EQ(out.str(), "");
  EXPECT_THAT(remarks.str(), HasSubstr("1: left out: "));
}

}  // namespace
}  // namespace surety
