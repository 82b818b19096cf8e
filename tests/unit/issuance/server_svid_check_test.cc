#include "agent/issuance/server_svid_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/issuance/embedded_authority.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

const SpiffeId kServer = *SpiffeId::Parse("spiffe://example.org/bundle-endpoint");

const MadeCa& Ca() {
  static const MadeCa ca = MakeCa({});
  return ca;
}

/// A leaf of Ca() that would pass, but for what `spec` says.
CaSpec Leaf() {
  return {.basic_constraints = "critical,CA:FALSE",
          .key_usage = "critical,digitalSignature",
          .alt_name = "URI:" + kServer.Text(),
          .common_name = "leaf"};
}

std::string Why(const CaSpec& leaf, const std::vector<std::string>& authorities = {Ca().Der()},
                WallTime at = Start().wall) {
  const auto checked =
      CheckServerSvid({MakeCa(leaf, &Ca()).Der(), Ca().Der()}, kServer, authorities, at);
  if (checked) return {};
  EXPECT_EQ(checked.error().code(), ErrorCode::kPermissionDenied);
  return checked.error().Text();
}

TEST(ServerSvidCheck, BelievesASvidOfExactlyThatId) {
  EXPECT_EQ(Why(Leaf()), "");
  const TempFolder temp;
  const auto authority = OpenEmbedded(OptionsFor(temp), Start());
  ASSERT_TRUE(authority);
  const auto svid = (*authority)->Issue(EntryFor(kServer.Text()), Start().wall);
  ASSERT_TRUE(svid);
  EXPECT_TRUE(CheckServerSvid(svid->chain_der, kServer, (*authority)->Bundles()->x509_authorities,
                              Start().wall));
}

TEST(ServerSvidCheck, AnotherNameIsNotBelieved) {
  CaSpec leaf = Leaf();
  leaf.alt_name = "URI:spiffe://example.org/web";
  EXPECT_THAT(Why(leaf), HasSubstr("is spiffe://example.org/web and should be"));
  leaf.alt_name = "URI:" + kServer.Text() + ",URI:spiffe://example.org/web";
  EXPECT_THAT(Why(leaf), HasSubstr("has 2 URIs"));
  leaf.alt_name = "DNS:bundles.example.org";
  EXPECT_THAT(Why(leaf), HasSubstr("has 0 URIs"));
  leaf.alt_name = "URI:https://example.org/bundle-endpoint";
  EXPECT_THAT(Why(leaf), HasSubstr("no SPIFFE ID"));
}

TEST(ServerSvidCheck, WhatIsNoLeafIsNotBelieved) {
  CaSpec leaf = Leaf();
  leaf.basic_constraints = "critical,CA:TRUE";
  EXPECT_THAT(Why(leaf), HasSubstr("a CA's"));
  leaf = Leaf();
  leaf.key_usage = "critical,digitalSignature,keyCertSign";
  EXPECT_THAT(Why(leaf), HasSubstr("key usage"));
  leaf.key_usage = "";
  EXPECT_THAT(Why(leaf), HasSubstr("key usage"));
}

TEST(ServerSvidCheck, AnotherAuthorityAndAnotherTimeAreNotBelieved) {
  EXPECT_THAT(Why(Leaf(), {MakeCa({}).Der()}),
              HasSubstr("does not verify under the bundle of example.org"));
  EXPECT_THAT(Why(Leaf(), {}), HasSubstr("does not verify"));
  EXPECT_THAT(Why(Leaf(), {Ca().Der()}, Start().wall + hours(24 * 400)), HasSubstr("expired"));
  EXPECT_THAT(Why(Leaf(), {Ca().Der()}, Start().wall - hours(2)), HasSubstr("not yet valid"));
}

TEST(ServerSvidCheck, WhatCannotBeReadIsNotBelieved) {
  for (const std::vector<std::string>& chain :
       {std::vector<std::string>{}, {"x"}, {MakeCa(Leaf(), &Ca()).Der(), "x"}})
    EXPECT_FALSE(CheckServerSvid(chain, kServer, {Ca().Der()}, Start().wall));
}

}  // namespace
}  // namespace surety
