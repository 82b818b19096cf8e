// CONFORMANCE rows JV4, JV5: tokens of other trust domains.
#include "agent/federation/federated_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/issuance/jwt_mint.h"
#include "tests/unit/federation/made_bundles.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

/// Believes what one key of example.org has signed, with all of its claims.
class OwnTokens final : public TokenValidator {
 public:
  explicit OwnTokens(const JwtKey& key) {
    auto own = key.PublicKey();
    ring_[ExampleOrg()].emplace(key.id(), *std::move(own));
  }
  [[nodiscard]] Result<ValidatedToken> Validate(std::string_view token, std::string_view audience,
                                                WallTime now) const override {
    return VerifyJwt(token, audience, ring_, now);
  }

 private:
  JwtKeyRing ring_;
};

class FederatedTokensTest : public testing::Test {
 protected:
  void Hold(const std::string& document) {
    ASSERT_TRUE(held_->Set(OtherOrg(), document, ForeignBundles::From::kOperator));
  }
  void HoldTheirKey() { Hold(DocumentOf(Json::array({Json::parse(theirs_->jwk())}))); }
  static std::string Signed(const JwtKey& key, std::string_view spiffe_id) {
    const std::vector<std::string> audiences{"reports"};
    const auto svid = MintJwtSvid(key, Start().wall + std::chrono::hours(24), EntryFor(spiffe_id),
                                  audiences, Start().wall);
    EXPECT_TRUE(svid) << svid.error().Text();
    return {svid->token.Reveal().begin(), svid->token.Reveal().end()};
  }
  Result<ValidatedToken> Validate(const std::string& token, WallTime now = Start().wall) const {
    return tokens_.Validate(token, "reports", now);
  }
  std::string WhyNot(const std::string& token, WallTime now = Start().wall) const {
    const auto believed = Validate(token, now);
    if (believed) return "it is believed";
    EXPECT_EQ(believed.error().code(), ErrorCode::kInvalidArgument);
    return believed.error().Text();
  }

  TempFolder temp_;
  const std::shared_ptr<const JwtKey> ours_ = MadeTokenKey();
  const std::shared_ptr<const JwtKey> theirs_ = MadeTokenKey();
  const OwnTokens own_{*ours_};
  const std::unique_ptr<ForeignBundles> held_ =
      *ForeignBundles::Open(temp_.Path("state"), ExampleOrg(), [] {});
  const FederatedTokens tokens_{own_, *held_};
};

TEST_F(FederatedTokensTest, OurOwnAreBelievedAsEver) {
  HoldTheirKey();
  const auto believed = Validate(Signed(*ours_, "spiffe://example.org/web"));
  ASSERT_TRUE(believed) << believed.error().Text();
  EXPECT_FALSE(believed->foreign);
  EXPECT_TRUE(Json::parse(believed->claims).contains("jti"));
}

TEST_F(FederatedTokensTest, JV4_AnothersAreBelievedByItsBundle) {
  const std::string token = Signed(*theirs_, "spiffe://other.org/peer");
  EXPECT_EQ(WhyNot(token), "there is no bundle of spiffe://other.org");
  HoldTheirKey();
  const auto believed = Validate(token);
  ASSERT_TRUE(believed) << believed.error().Text();
  EXPECT_TRUE(believed->foreign);
  EXPECT_EQ(believed->id.Text(), "spiffe://other.org/peer");
  ASSERT_TRUE(held_->Delete(OtherOrg()));
  EXPECT_EQ(WhyNot(token), "there is no bundle of spiffe://other.org");
}

TEST_F(FederatedTokensTest, JV5_OfAnothersClaimsThreeAreKept) {
  HoldTheirKey();
  const auto believed = Validate(Signed(*theirs_, "spiffe://other.org/peer"));
  ASSERT_TRUE(believed) << believed.error().Text();
  EXPECT_EQ(Json::parse(believed->claims),
            (Json{{"sub", "spiffe://other.org/peer"},
                  {"aud", Json::array({"reports"})},
                  {"exp", Start().wall.time_since_epoch() / Seconds(1) + 300}}));
}

TEST_F(FederatedTokensTest, JV4_NoBundleSpeaksForAnotherTrustDomain) {
  HoldTheirKey();
  EXPECT_THAT(WhyNot(Signed(*theirs_, "spiffe://example.org/web")), HasSubstr("no key of"));
  EXPECT_THAT(WhyNot(Signed(*ours_, "spiffe://other.org/peer")), HasSubstr("no key of"));
  EXPECT_THAT(WhyNot(Signed(*theirs_, "spiffe://third.org/peer")), HasSubstr("no bundle of"));
}

TEST_F(FederatedTokensTest, AnothersAreJudgedAsStrictly) {
  HoldTheirKey();
  const std::string token = Signed(*theirs_, "spiffe://other.org/peer");
  EXPECT_THAT(WhyNot(token, Start().wall + Seconds(311)), HasSubstr("expired"));
  EXPECT_THAT(WhyNot(token.substr(0, token.size() - 4) + "AAAA"), HasSubstr("signature"));
  EXPECT_FALSE(tokens_.Validate(token, "bills", Start().wall));
}

TEST_F(FederatedTokensTest, BN1_WhoRevokedAllIsNotBelieved) {
  Hold(R"({"keys":[]})");
  EXPECT_THAT(WhyNot(Signed(*theirs_, "spiffe://other.org/peer")), HasSubstr("no bundle of"));
}

}  // namespace
}  // namespace surety
