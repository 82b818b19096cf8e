#include "agent/command/bundle_show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/fakes/fake_admin_client.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

const std::string kLine(64, 'A');
const std::string kDocument =
    R"({"keys":[{"kty":"EC","use":"jwt-svid","kid":"k"},{"kty":"EC","use":"x509-svid","x5c":[")" +
    kLine + R"(BB=="]}]})";

Result<std::string> Shown(Result<std::string> bundle, OutputFormat output) {
  FakeAdminClient client{DaemonStatus()};
  client.bundle = std::move(bundle);
  BundleShowFlags flags;
  flags.admin.output = output;
  std::ostringstream out;
  const auto shown = ShowBundle(flags, client, out);
  if (shown) return out.str();
  EXPECT_EQ(out.str(), "");
  return shown.error();
}

TEST(BundleShow, PrintsTheCertificatesAsPem) {
  EXPECT_EQ(*Shown(kDocument, OutputFormat::kText),
            "-----BEGIN CERTIFICATE-----\n" + kLine + "\nBB==\n-----END CERTIFICATE-----\n");
}

TEST(BundleShow, AsJsonIsTheDocumentAsItCame) {
  EXPECT_EQ(*Shown(kDocument, OutputFormat::kJson), kDocument);
}

TEST(BundleShow, WhatIsNoBundleIsNotShown) {
  for (const char* wrong :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[{"use":"x509-svid"}]})",
        R"({"keys":[{"use":"x509-svid","x5c":[]}]})", R"({"keys":[{"use":"x509-svid","x5c":[7]}]})",
        R"({"keys":[{"use":"x509-svid","x5c":["A\u001b[2J"]}]})"}) {
    const auto shown = Shown(std::string(wrong), OutputFormat::kText);
    ASSERT_FALSE(shown) << wrong;
    EXPECT_EQ(shown.error().code(), ErrorCode::kDataLoss);
  }
}

Result<std::string> MapShown(FakeAdminClient& client) {
  std::ostringstream out;
  const auto shown = ShowBundle({.map = true}, client, out);
  if (shown) return out.str();
  return shown.error();
}

TEST(BundleShow, BN6_AMapHasOurBundleAndThoseOfTheOthers) {
  DaemonStatus status;
  status.trust_domain = "example.org";
  FakeAdminClient client{status};
  client.held_bundles = {{.trust_domain = "other.org"}};
  client.bundle = std::string(R"({"keys":[],"spiffe_refresh_hint":9})");
  const auto shown = MapShown(client);
  ASSERT_TRUE(shown) << shown.error().Text();
  EXPECT_EQ(nlohmann::json::parse(*shown),
            nlohmann::json::parse(
                R"({"trust_domains":{"example.org":{"keys":[]},"other.org":{"keys":[]}}})"));
}

TEST(BundleShow, WhatIsNoBundleIsInNoMap) {
  DaemonStatus status;
  status.trust_domain = "example.org";
  FakeAdminClient client{status};
  client.bundle = std::string("{}");
  EXPECT_EQ(MapShown(client).error().code(), ErrorCode::kDataLoss);
}

TEST(BundleShow, TheErrorIsTheClients) {
  const auto shown =
      Shown(Error(ErrorCode::kUnavailable, "no daemon at /a.sock"), OutputFormat::kText);
  ASSERT_FALSE(shown);
  EXPECT_THAT(shown.error().Text(), HasSubstr("/a.sock"));
}

}  // namespace
}  // namespace surety
