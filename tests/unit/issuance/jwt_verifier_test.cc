#include "agent/issuance/jwt_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/issuance/base64url.h"
#include "agent/issuance/jwt_mint.h"
#include "agent/issuance/jwt_parser.h"
#include "agent/issuance/jwt_store.h"
#include "tests/unit/issuance/issuance_support.h"
#include "tests/unit/issuance/jwt_support.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

class JwtVerifier : public testing::Test {
 protected:
  JwtVerifier() {
    auto made = MakeJwtKey();
    key_ = made->key;
    auto own = key_->PublicKey();
    ring_[ExampleOrg()].emplace(key_->id(), *std::move(own));
  }
  Entry WebEntry() const { return EntryFor("spiffe://example.org/web"); }
  std::string Mint(std::vector<std::string> audiences = {"reports"}) const {
    const auto svid = MintJwtSvid(*key_, Start().wall + std::chrono::hours(24), WebEntry(),
                                  audiences, Start().wall);
    EXPECT_TRUE(svid) << svid.error().Text();
    return {svid->token.Reveal().begin(), svid->token.Reveal().end()};
  }
  std::string WhyNot(std::string_view token, std::string_view audience = "reports",
                     WallTime now = Start().wall) const {
    const auto verified = VerifyJwt(token, audience, ring_, now);
    if (verified) return "it is believed";
    EXPECT_EQ(verified.error().code(), ErrorCode::kInvalidArgument);
    return verified.error().Text();
  }

  std::shared_ptr<const JwtKey> key_;
  JwtKeyRing ring_;
};

TEST_F(JwtVerifier, BelievesWhatWasMinted) {
  const auto verified = VerifyJwt(Mint(), "reports", ring_, Start().wall);
  ASSERT_TRUE(verified) << verified.error().Text();
  EXPECT_EQ(verified->id.Text(), "spiffe://example.org/web");
  const Json claims = Json::parse(verified->claims);
  EXPECT_EQ(claims["aud"], Json::array({"reports"}));
  EXPECT_EQ(claims["exp"].get<std::int64_t>() - claims["iat"].get<std::int64_t>(), 300);
}

TEST_F(JwtVerifier, Jd8_TakesItALittleLongerThanItLives) {
  const WallTime end = Start().wall + Seconds(300);
  const std::string token = Mint();
  EXPECT_EQ(WhyNot(token, "reports", end + kTokenLeeway - Seconds(1)), "it is believed");
  EXPECT_THAT(WhyNot(token, "reports", end + kTokenLeeway), HasSubstr("expired"));
}

TEST_F(JwtVerifier, Jv4_AsksForTheSubjectsOwnTrustDomain) {
  auto own = key_->PublicKey();
  JwtKeyRing other;
  other[*TrustDomain::Parse("other.org")].emplace(key_->id(), *std::move(own));
  const auto verified = VerifyJwt(Mint(), "reports", other, Start().wall);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().Text(), HasSubstr("no bundle of spiffe://example.org"));
}

TEST_F(JwtVerifier, Jd7_AsksForTheAudienceToTheLetter) {
  EXPECT_EQ(WhyNot(Mint({"a", "reports"})), "it is believed");
  for (const char* audience : {"", "report", "reports ", "Reports"})
    EXPECT_THAT(WhyNot(Mint(), audience), HasSubstr("another audience")) << audience;
}

TEST_F(JwtVerifier, NoSingleByteMayBeAnother) {
  const std::string token = Mint();
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (changed == token) continue;
    EXPECT_NE(WhyNot(changed), "it is believed") << at;
    EXPECT_NE(WhyNot(token.substr(0, at)), "it is believed") << at;
  }
}

TEST_F(JwtVerifier, TakesEachAlgorithmThatTheSpecificationNames) {
  for (const char* name :
       {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    PKeyPtr key = KeyForAlgorithm(name);
    const Json header{{"alg", name}, {"kid", name}};
    const Json claims{
        {"sub", "spiffe://example.org/a"}, {"aud", "reports"}, {"exp", 2'000'000'000}};
    const std::string text = Base64Url(header.dump()) + "." + Base64Url(claims.dump());
    const std::string token = text + "." + Base64Url(SignJws(name, *key, text));
    ring_[ExampleOrg()].insert_or_assign(name, std::move(key));
    EXPECT_EQ(WhyNot(token), "it is believed") << name;
  }
}

TEST(JwtParser, ReadsTimesWithFractionsAndRefusesWhatIsNoTime) {
  const auto parse = [](const char* exp) {
    const std::string claims =
        std::string(R"({"sub":"spiffe://example.org/a","aud":"x","exp":)") + exp + "}";
    return ParseJwt(Base64Url(R"({"alg":"ES256","kid":"k"})") + "." + Base64Url(claims) + ".AA");
  };
  const auto read = parse("1700000000.5");
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->expires_at.time_since_epoch(), std::chrono::milliseconds(1'700'000'000'500));
  EXPECT_THAT(read->audiences, ElementsAre("x"));
  EXPECT_TRUE(parse("253402300799"));
  for (const char* exp : {"-1", "1e300", "253402300800", "null", "\"1\"", "[1]", "true"})
    EXPECT_FALSE(parse(exp)) << exp;
}

TEST(JwtMint, Jd6_Jd9_SaysWhoForWhomAndUntilWhen) {
  const auto made = MakeJwtKey();
  Entry entry = EntryFor("spiffe://example.org/web");
  entry.jwt_ttl = Seconds(60);
  const std::vector<std::string> audiences{"a\"b", "ü"};
  const auto svid = MintJwtSvid(*made->key, Start().wall + std::chrono::hours(1), entry, audiences,
                                Start().wall + std::chrono::milliseconds(1));
  ASSERT_TRUE(svid) << svid.error().Text();
  const std::string text(svid->token.Reveal().begin(), svid->token.Reveal().end());
  const auto parsed = ParseJwt(text);
  ASSERT_TRUE(parsed) << parsed.error().Text();
  EXPECT_EQ(parsed->key_id, made->key->id());
  EXPECT_EQ(parsed->audiences, audiences);
  EXPECT_EQ(parsed->claims["jti"], svid->token_id);
  EXPECT_EQ(parsed->expires_at, Start().wall + Seconds(60));
}

TEST(JwtMint, NeverOutlivesItsKey) {
  const auto made = MakeJwtKey();
  const Entry entry = EntryFor("spiffe://example.org/web");
  const std::vector<std::string> audiences{"a"};
  const auto mint = [&](Seconds left) {
    return MintJwtSvid(*made->key, Start().wall + left, entry, audiences, Start().wall);
  };
  EXPECT_EQ(mint(Seconds(7))->expires_at, Start().wall + Seconds(7));
  const auto late = mint(Seconds(0));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
}

TEST(JwtKey, IsNamedByItsThumbprintAndTellsItsPublicHalfAlone) {
  const auto made = MakeJwtKey();
  const Json jwk = Json::parse(made->key->jwk());
  EXPECT_EQ(jwk["kid"], made->key->id());
  EXPECT_EQ(jwk.size(), 6U);
  EXPECT_FALSE(jwk.contains("d"));
  EXPECT_EQ(DecodeBase64Url(jwk["x"].get<std::string>())->size(), 32U);
  const auto again = JwtKey::Load(made->pkcs8.Reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->id(), made->key->id());
  EXPECT_NE(MakeJwtKey()->key->id(), made->key->id());
}

}  // namespace
}  // namespace surety
