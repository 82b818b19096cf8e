#include "agent/issuance/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

const std::string kSerial1(32, '1');
const std::string kSerial2(32, '2');

Manifest Example() {
  return {.trust_domain = "example.org",
          .bundle_revision = 18'446'744'073'709'551'615U,
          .published = {std::string(64, 'a')},
          .authorities = {{.serial = kSerial1, .phase = Phase::kRetired},
                          {.serial = kSerial2, .phase = Phase::kActive}}};
}

std::string With(std::string_view from, std::string_view to) {
  std::string text = PrintManifest(Example());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string WhyDamaged(const std::string& text) {
  const auto manifest = ParseManifest(text);
  EXPECT_FALSE(manifest) << text;
  if (manifest) return "it was taken";
  EXPECT_EQ(manifest.error().code(), ErrorCode::kDataLoss);
  return manifest.error().Text();
}

TEST(Manifest, ReadsBackWhatItPrints) {
  const auto manifest = ParseManifest(PrintManifest(Example()));
  ASSERT_TRUE(manifest) << manifest.error().Text();
  EXPECT_EQ(*manifest, Example());
  const auto empty = ParseManifest(PrintManifest({}));
  ASSERT_TRUE(empty);
  EXPECT_EQ(*empty, Manifest());
}

TEST(Manifest, RefusesDamageWithItsReason) {
  using testing::HasSubstr;
  EXPECT_THAT(WhyDamaged(""), HasSubstr("not JSON"));
  EXPECT_THAT(WhyDamaged("[]"), HasSubstr("must have"));
  EXPECT_THAT(WhyDamaged("null"), HasSubstr("must have"));
  EXPECT_THAT(WhyDamaged(std::string(40'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(WhyDamaged(std::string(kLargestManifest + 1, ' ')), HasSubstr("larger"));
  EXPECT_THAT(WhyDamaged(With("\"version\": 1", "\"version\": 2")), HasSubstr("version"));
  EXPECT_THAT(WhyDamaged(With("\"version\"", "\"edition\"")), HasSubstr("must have"));
  EXPECT_THAT(WhyDamaged(With("\"version\"", "\"more\": 1, \"version\"")), HasSubstr("must have"));
  EXPECT_THAT(WhyDamaged(With("18446744073709551615", "-1")), HasSubstr("type"));
  EXPECT_THAT(WhyDamaged(With("18446744073709551615", "1.5")), HasSubstr("type"));
  EXPECT_THAT(WhyDamaged(With("18446744073709551615", "99999999999999999999")), HasSubstr("type"));
  EXPECT_THAT(WhyDamaged(With("\"active\"", "\"asleep\"")), HasSubstr("phase"));
  EXPECT_THAT(WhyDamaged(With("\"retired\"", "\"active\"")), HasSubstr("more than one"));
  EXPECT_THAT(WhyDamaged(With(kSerial1, kSerial2)), HasSubstr("twice"));
  EXPECT_THAT(WhyDamaged(With(kSerial1, "../../" + std::string(26, '1'))), HasSubstr("hex"));
  EXPECT_THAT(WhyDamaged(With(kSerial1, std::string(32, 'A'))), HasSubstr("hex"));
  EXPECT_THAT(WhyDamaged(With(std::string(64, 'a'), "abc")), HasSubstr("SHA-256"));
}

TEST(Manifest, CutAnywhereIsRefused) {
  const std::string text = PrintManifest(Example());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    ASSERT_NE(WhyDamaged(text.substr(0, length)), "it was taken") << length;
  }
}

}  // namespace
}  // namespace surety
