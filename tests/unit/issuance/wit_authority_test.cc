#include "agent/issuance/wit_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/issuance/base64url.h"
#include "agent/issuance/jws_algorithm.h"
#include "agent/issuance/jwt_store.h"
#include "agent/issuance/p256_jwk.h"
#include "agent/issuance/wit_mint.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using testing::UnorderedElementsAre;

std::string PartOf(const std::string& token, int number) {
  std::size_t begin = 0;
  for (int i = 0; i < number; ++i) begin = token.find('.', begin) + 1;
  return *DecodeBase64Url(token.substr(begin, token.find('.', begin) - begin));
}

std::vector<std::string> NamesIn(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

std::string TextOf(const SecretBytes& secret) {
  return {secret.Reveal().begin(), secret.Reveal().end()};
}

JwtAuthorityOptions WitOptionsFor(const TempFolder& temp) {
  return {.trust_domain = ExampleOrg(),
          .state_dir = temp.Path("state"),
          .times = {.ca_ttl = std::chrono::hours(6), .max_svid_ttl = Seconds(300)}};
}

WitSvid Minted(const JwtKey& key, Seconds left, Seconds ttl = Seconds(300)) {
  Entry entry = EntryFor("spiffe://example.org/web");
  entry.wit_ttl = ttl;
  auto svid = MintWitSvid(key, Start().wall + left, entry, Start().wall);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

TEST(WitMint, A10_SaysWhoseKeyItIsAndNoAudience) {
  const auto made = MakeJwtKey(kWitProfile);
  const WitSvid svid = Minted(*made->key, Seconds(3600), Seconds(60));
  const Json header = Json::parse(PartOf(svid.token, 0));
  EXPECT_EQ(header, Json({{"alg", "ES256"}, {"kid", made->key->id()}, {"typ", "wit+jwt"}}));
  const Json claims = Json::parse(PartOf(svid.token, 1));
  EXPECT_THAT(NamesIn(claims), UnorderedElementsAre("cnf", "exp", "iat", "jti", "sub"));
  EXPECT_EQ(claims["sub"], "spiffe://example.org/web");
  EXPECT_EQ(claims["jti"], svid.token_id);
  EXPECT_EQ(claims["exp"].get<int>() - claims["iat"].get<int>(), 60);
  EXPECT_THAT(NamesIn(claims["cnf"]["jwk"]), UnorderedElementsAre("alg", "crv", "kty", "x", "y"));
  EXPECT_EQ(claims["cnf"]["jwk"]["alg"], "ES256");
}

TEST(WitMint, IsSignedByTheKeyThatItNames) {
  const auto made = MakeJwtKey(kWitProfile);
  const WitSvid svid = Minted(*made->key, Seconds(3600));
  const std::size_t end = svid.token.rfind('.');
  const auto key = made->key->PublicKey();
  ASSERT_TRUE(key);
  EXPECT_TRUE(VerifyJws(*FindJwsAlgorithm("ES256"), **key, svid.token.substr(0, end),
                        PartOf(svid.token, 2)));
}

TEST(WitMint, TheKeyThatIsHandedOutIsTheOneThatIsNamed) {
  const auto made = MakeJwtKey(kWitProfile);
  const WitSvid first = Minted(*made->key, Seconds(3600));
  Json key = Json::parse(TextOf(first.key_jwk));
  EXPECT_EQ(DecodeBase64Url(key["d"].get<std::string>())->size(), 32U);
  key.erase("d");
  EXPECT_EQ(key, Json::parse(PartOf(first.token, 1))["cnf"]["jwk"]);
  EXPECT_NE(TextOf(first.key_jwk), TextOf(Minted(*made->key, Seconds(3600)).key_jwk));
}

TEST(WitMint, NeverOutlivesItsSigningKey) {
  const auto made = MakeJwtKey(kWitProfile);
  EXPECT_EQ(Minted(*made->key, Seconds(7)).expires_at, Start().wall + Seconds(7));
  const auto late =
      MintWitSvid(*made->key, Start().wall, EntryFor("spiffe://example.org/web"), Start().wall);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
}

TEST(P256Jwk, ThePrivateHalfBelongsToThePublicOne) {
  const auto pair = GenerateP256Key();
  ASSERT_TRUE(pair);
  const P256Jwks jwks = JwksOf(*pair);
  const std::string scalar =
      *DecodeBase64Url(Json::parse(TextOf(jwks.private_jwk))["d"].get<std::string>());
  const Json jwk = Json::parse(jwks.public_jwk);
  const std::string point = "\x04" + *DecodeBase64Url(jwk["x"].get<std::string>()) +
                            *DecodeBase64Url(jwk["y"].get<std::string>());
  EXPECT_EQ(point, pair->public_point);
  const auto bytes = PrivateScalarOf(*pair);
  EXPECT_EQ(scalar, std::string(bytes.begin(), bytes.end()));
}

TEST(WitAuthority, HasKeysOfItsOwnInAFolderOfItsOwn) {
  const TempFolder temp;
  auto of_jwts = OpenJwtAuthority(WitOptionsFor(temp), Start());
  auto of_wits = WitAuthority::Open(WitOptionsFor(temp), Start());
  ASSERT_TRUE(of_jwts && of_wits);
  const Json key = Json::parse((*of_wits)->Bundles()->jwk_sets.at("example.org"))["keys"][0];
  EXPECT_EQ(key["use"], "wit-svid");
  const Json other = Json::parse((*of_jwts)->Bundles()->jwk_sets.at("example.org"))["keys"][0];
  EXPECT_NE(key["kid"], other["kid"]);
  const auto svid = (*of_wits)->IssueWit(EntryFor("spiffe://example.org/web"), Start().wall);
  ASSERT_TRUE(svid) << svid.error().Text();
  EXPECT_EQ(svid->key_id, key["kid"]);
  ASSERT_EQ((*of_wits)->Status().size(), 1U);
  EXPECT_EQ((*of_wits)->Status().front().source, "wit");

  of_wits->reset();
  const auto again = WitAuthority::Open(WitOptionsFor(temp), Start());
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ((*again)->Status().front().serial, key["kid"]);
}

TEST(WitAuthority, ANewKeyIsInTheBundleBeforeItSigns) {
  const TempFolder temp;
  auto keys = WitAuthority::Open(WitOptionsFor(temp), Start());
  ASSERT_TRUE(keys);
  const std::string first = (*keys)->Status().front().serial;
  const auto signer_at = [&](Moment now) {
    return (*keys)->IssueWit(EntryFor("spiffe://example.org/web"), now.wall)->key_id;
  };
  const auto after = [](std::chrono::minutes time) {
    return Moment{.boot = Start().boot + time, .wall = Start().wall + time};
  };
  EXPECT_TRUE((*keys)->Advance(after(std::chrono::minutes(181))).bundles_changed);
  EXPECT_EQ(signer_at(after(std::chrono::minutes(181))), first);
  EXPECT_EQ((*keys)->Status().size(), 2U);
  EXPECT_TRUE((*keys)->Advance(after(std::chrono::minutes(241))).signer_changed);
  EXPECT_NE(signer_at(after(std::chrono::minutes(241))), first);
}

TEST(WitAuthority, RefusesAnotherTrustDomain) {
  const TempFolder temp;
  auto keys = WitAuthority::Open(WitOptionsFor(temp), Start());
  ASSERT_TRUE(keys);
  EXPECT_FALSE((*keys)->IssueWit(EntryFor("spiffe://other.org/web"), Start().wall));
}

TEST(WitAuthority, BN2_SwitchedOffAndOnAgainItsRevisionOnlyRises) {
  const TempFolder temp;
  const JwtAuthorityOptions options = WitOptionsFor(temp);
  EXPECT_EQ(*WitAuthority::Retire(options), 0U);
  EXPECT_FALSE(std::filesystem::exists(temp.Path("state") + "/wit"));

  auto on = WitAuthority::Open(options, Start());
  ASSERT_TRUE(on) << on.error().Text();
  const std::uint64_t first = (*on)->Bundles()->revision;
  on->reset();
  const auto off = WitAuthority::Retire(options);
  ASSERT_TRUE(off) << off.error().Text();
  EXPECT_GT(*off, first);
  EXPECT_EQ(*WitAuthority::Retire(options), *off);

  auto again = WitAuthority::Open(options, Start());
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_GT((*again)->Bundles()->revision, *off);
  EXPECT_TRUE((*again)->IssueWit(EntryFor("spiffe://example.org/web"), Start().wall));
}

}  // namespace
}  // namespace surety
