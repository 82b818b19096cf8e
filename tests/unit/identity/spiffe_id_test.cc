#include "surety/spiffe_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace surety {
namespace {

using testing::HasSubstr;

struct Refused {
  std::string text;
  std::string says;
};

void ExpectRefused(const std::vector<Refused>& cases) {
  for (const auto& [text, says] : cases) {
    const auto id = SpiffeId::Parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(id.error().message(), HasSubstr(says)) << text;
  }
}

void ExpectKept(const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    const auto id = SpiffeId::Parse(text);
    ASSERT_TRUE(id) << text << ": " << id.error().Text();
    EXPECT_EQ(id->Text(), text);
  }
}

TEST(SpiffeIdTest, TellsTrustDomainAndPath) {
  const auto id = SpiffeId::Parse("spiffe://example.org/ns/prod/web");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->trust_domain().name(), "example.org");
  EXPECT_EQ(id->trust_domain().IdText(), "spiffe://example.org");
  EXPECT_EQ(id->path(), "/ns/prod/web");
}

TEST(SpiffeIdTest, ID1_SchemeIsSpiffe) {
  ExpectRefused({
      {"", "stops at byte 1"},
      {"spiffe", "stops at byte 7"},
      {"spiffe:/", "stops at byte 9"},
      {"https://example.org/a", "'h' at byte 1"},
      {"spiffe:x//example.org", "'x' at byte 8"},
      {" spiffe://example.org/a", "' ' at byte 1"},
      {"example.org/a", "'e' at byte 1"},
  });
}

TEST(SpiffeIdTest, ID1_TrustDomainIsNotEmpty) {
  ExpectRefused({
      {"spiffe://", "trust domain is empty at byte 10"},
      {"spiffe:///a", "trust domain is empty at byte 10"},
  });
}

TEST(SpiffeIdTest, ID1_HasNeitherQueryNorFragment) {
  ExpectRefused({
      {"spiffe://example.org/a?b", "'?' at byte 23; a SPIFFE ID has no query"},
      {"spiffe://example.org/a#b", "'#' at byte 23; a SPIFFE ID has no fragment"},
      {"spiffe://example.org?b", "'?' at byte 21"},
      {"spiffe://example.org#b", "'#' at byte 21"},
  });
}

TEST(SpiffeIdTest, ID2_TrustDomainIsLowerCaseLettersDigitsDotDashAndUnderscore) {
  ExpectKept({"spiffe://a", "spiffe://a-b_c.d.0/x", "spiffe://-", "spiffe://.../x"});
  ExpectRefused({
      {"spiffe://exa mple/a", "' ' at byte 13"},
      {"spiffe://ex\x1bmple/a", "0x1b at byte 12"},
      {"spiffe://\xc3\xa4/a", "0xc3 at byte 10"},
      {std::string("spiffe://a\0b/c", 14), "0x00 at byte 11"},
  });
}

TEST(SpiffeIdTest, ID2_TrustDomainIsNotPercentEncoded) {
  ExpectRefused({{"spiffe://ex%61mple/a", "'%' at byte 12; a trust domain is never percent"}});
}

TEST(SpiffeIdTest, ID2_TrustDomainHasNoUserInformationAndNoPort) {
  ExpectRefused({
      {"spiffe://me@example.org/a", "'@' at byte 12; a trust domain has no user information"},
      {"spiffe://example.org:80/a", "':' at byte 21; a trust domain has no scheme and no port"},
  });
}

TEST(SpiffeIdTest, ID2_IPv4TextIsATrustDomainLikeAnyOther) { ExpectKept({"spiffe://192.0.2.1/a"}); }

TEST(SpiffeIdTest, ID2_TrustDomainHasAtMost255Bytes) {
  ExpectKept({"spiffe://" + std::string(255, 'a') + "/x"});
  ExpectRefused({{"spiffe://" + std::string(256, 'a') + "/x", "256 bytes long; at most 255"}});
}

TEST(SpiffeIdTest, ID3_SegmentsAreLettersDigitsDotDashAndUnderscore) {
  ExpectKept(
      {"spiffe://example.org/aZ09.-_", "spiffe://example.org/...", "spiffe://example.org/.a/a."});
  ExpectRefused({
      {"spiffe://example.org/a b", "' ' at byte 23"},
      {"spiffe://example.org/a:b", "':' at byte 23"},
      {"spiffe://example.org/a\xc3\xa4", "0xc3 at byte 23"},
      {"spiffe://example.org/a\n", "0x0a at byte 23"},
      {std::string("spiffe://example.org/a\0", 23), "0x00 at byte 23"},
  });
}

TEST(SpiffeIdTest, ID3_NoSegmentIsEmpty) {
  ExpectRefused({
      {"spiffe://example.org//a", "empty segment at byte 22"},
      {"spiffe://example.org/a//b", "empty segment at byte 24"},
  });
}

TEST(SpiffeIdTest, ID3_NoSegmentIsADotOrTwo) {
  ExpectRefused({
      {"spiffe://example.org/.", "segment \".\" at byte 22"},
      {"spiffe://example.org/a/../b", "segment \"..\" at byte 24"},
      {"spiffe://example.org/a/./b", "segment \".\" at byte 24"},
  });
}

TEST(SpiffeIdTest, ID3_PathDoesNotEndWithASlash) {
  ExpectRefused({
      {"spiffe://example.org/a/", "ends with '/' at byte 23"},
      {"spiffe://example.org//", "ends with '/' at byte 22"},
  });
}

TEST(SpiffeIdTest, ID3_PathIsNotPercentEncoded) {
  ExpectRefused({{"spiffe://example.org/%61", "'%' at byte 22; a path is never percent-encoded"}});
}

TEST(SpiffeIdTest, ID4_TakesIdsOf2048BytesAndNoLongerOnes) {
  const std::string longest = "spiffe://example.org/" + std::string(2048 - 21, 'a');
  ExpectKept({longest});
  ExpectRefused({{longest + "a", "2049 bytes long; at most 2048"}});
}

TEST(SpiffeIdTest, ID5_SchemeAndTrustDomainAreRefusedInUpperCaseAsGoSpiffeDoes) {
  ExpectRefused({
      {"Spiffe://example.org/a", "'S' at byte 1"},
      {"spiffe://Example.org/a", "'E' at byte 10; a trust domain is lower case"},
  });
}

TEST(SpiffeIdTest, ID5_PathIsCaseSensitive) {
  const auto lower = SpiffeId::Parse("spiffe://example.org/a");
  const auto upper = SpiffeId::Parse("spiffe://example.org/A");
  ASSERT_TRUE(lower && upper);
  EXPECT_NE(*lower, *upper);
}

TEST(SpiffeIdTest, ID6_IdWithoutPathNamesTheTrustDomain) {
  const auto id = SpiffeId::Parse("spiffe://example.org");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->path(), "");
  EXPECT_EQ(id->Text(), id->trust_domain().IdText());
}

TEST(SpiffeIdTest, ID6_TrustDomainWithASlashBehindItIsInvalid) {
  ExpectRefused({{"spiffe://example.org/", "ends with '/' at byte 21"}});
}

TEST(TrustDomainTest, IsTheBareName) {
  const auto name = TrustDomain::Parse("example.org");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->IdText(), "spiffe://example.org");
  for (const auto& [text, says] : std::vector<Refused>{
           {"", "empty at byte 1"},
           {"spiffe://example.org", "':' at byte 7; a trust domain has no scheme"},
           {"example.org/", "'/' at byte 12"},
           {"Example.org", "'E' at byte 1"},
           {std::string(256, 'a'), "at most 255"},
       }) {
    const auto refused = TrustDomain::Parse(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace surety
