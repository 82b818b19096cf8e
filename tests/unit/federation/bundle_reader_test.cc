// CONFORMANCE rows BN1 to BN5, XD12, JD10: other trust domains' bundles as we read them.
#include "agent/federation/bundle_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/issuance/bundle_document.h"
#include "tests/unit/federation/made_bundles.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ForeignBundle Read(const std::string& document) {
  auto bundle = ReadBundleDocument(OtherOrg(), document);
  EXPECT_TRUE(bundle) << bundle.error().Text();
  return bundle ? *std::move(bundle)
                : ForeignBundle{.trust_domain = OtherOrg(),
                                .x509_authorities = {},
                                .jwt_keys = {},
                                .jwt_key_ring = {},
                                .document = {}};
}

Error WhyRefused(const std::string& document) {
  const auto bundle = ReadBundleDocument(OtherOrg(), document);
  EXPECT_FALSE(bundle) << document.substr(0, 100);
  return bundle ? Error(ErrorCode::kInternal, "it was taken") : bundle.error();
}

// What is said of a document with this key alone, which must not be used.
std::string WhyIgnored(const Json& key) {
  const ForeignBundle bundle = Read(DocumentOf(Json::array({key})));
  EXPECT_THAT(bundle.x509_authorities, IsEmpty()) << key;
  EXPECT_THAT(*bundle.jwt_key_ring, IsEmpty()) << key;
  EXPECT_EQ(bundle.jwt_keys, R"({"keys":[]})");
  return bundle.ignored.size() == 1 ? bundle.ignored[0] : "nothing";
}

TEST(BundleReader, ReadsWhatWeWriteOurselves) {
  const std::string first = MadeAuthority();
  const std::string second = MadeAuthority();
  const auto token_key = MadeTokenKey();
  const auto document = WriteBundleDocument(
      {.revision = 4,
       .edition = 1,
       .trust_domain = OtherOrg(),
       .x509_authorities = {first, second},
       .federated = {},
       .crls = {}},
      {.revision = 3, .jwk_sets = {{"other.org", R"({"keys":[)" + token_key->jwk() + "]}"}}},
      Seconds(20));
  ASSERT_TRUE(document);
  const ForeignBundle bundle = Read(*document);
  EXPECT_THAT(bundle.x509_authorities, ElementsAre(first, second));
  EXPECT_EQ(bundle.sequence, 7U);
  EXPECT_EQ(bundle.refresh_hint, Seconds(20));
  EXPECT_EQ(bundle.document, *document);
  EXPECT_THAT(bundle.ignored, IsEmpty());
  EXPECT_EQ(Json::parse(bundle.jwt_keys),
            (Json{{"keys", Json::array({Json::parse(token_key->jwk())})}}));
  ASSERT_TRUE(bundle.jwt_key_ring->contains(token_key->id()));
  const auto public_key = token_key->PublicKey();
  EXPECT_EQ(EVP_PKEY_eq(bundle.jwt_key_ring->at(token_key->id()).get(), public_key->get()), 1);
}

TEST(BundleReader, BN1_KeysMustBeThere) {
  EXPECT_THAT(WhyRefused("{}").Text(), HasSubstr("\"keys\""));
  EXPECT_THAT(WhyRefused(R"({"keys":{}})").Text(), HasSubstr("\"keys\""));
}

TEST(BundleReader, BN1_NoKeysAtAllIsABundleThatTrustsNobody) {
  const ForeignBundle bundle = Read(R"({"keys":[]})");
  EXPECT_THAT(bundle.x509_authorities, IsEmpty());
  EXPECT_THAT(*bundle.jwt_key_ring, IsEmpty());
}

TEST(BundleReader, BN2_TheSequenceHas64Bits) {
  EXPECT_EQ(Read(R"({"keys":[],"spiffe_sequence":18446744073709551615})").sequence,
            18'446'744'073'709'551'615U);
  EXPECT_EQ(Read(R"({"keys":[]})").sequence, std::nullopt);
  for (const char* sequence : {"18446744073709551616", "-1", "1.5", "\"1\"", "null"})
    EXPECT_THAT(WhyRefused(R"({"keys":[],"spiffe_sequence":)" + std::string(sequence) + "}").Text(),
                HasSubstr("spiffe_sequence"));
}

TEST(BundleReader, BN3_WithoutAHintThatMakesSenseItIsFiveMinutes) {
  const auto hint = [](const std::string& text) {
    return Read(R"({"keys":[],"spiffe_refresh_hint":)" + text + "}").refresh_hint;
  };
  EXPECT_EQ(Read(R"({"keys":[]})").refresh_hint, Seconds(300));
  for (const char* senseless : {"0", "-5", "1.5", "\"60\"", "null"})
    EXPECT_EQ(hint(senseless), Seconds(300)) << senseless;
  EXPECT_EQ(hint("1"), Seconds(1));
  EXPECT_EQ(hint("18446744073709551615"), Seconds(86'400));
}

TEST(BundleReader, BN4_KeysOfUnknownKindsAreIgnoredAndTheOthersAreNot) {
  Json unknown_type = {{"kty", "future"}, {"use", "jwt-svid"}, {"kid", "a"}};
  Json no_use = AuthorityJwk(MadeAuthority());
  no_use.erase("use");
  Json other_use = Json::parse(MadeTokenKey()->jwk());
  other_use["use"] = "sig";
  Json shouted = AuthorityJwk(MadeAuthority());
  shouted["use"] = "X509-SVID";
  Json no_type = AuthorityJwk(MadeAuthority());
  no_type.erase("kty");
  const std::string good = MadeAuthority();
  const ForeignBundle bundle = Read(DocumentOf(Json::array(
      {unknown_type, no_use, other_use, shouted, no_type, "text", AuthorityJwk(good)})));
  EXPECT_THAT(bundle.x509_authorities, ElementsAre(good));
  EXPECT_THAT(*bundle.jwt_key_ring, IsEmpty());
  EXPECT_EQ(bundle.ignored.size(), 6U);
  EXPECT_THAT(bundle.ignored[3], HasSubstr("keys[3]"));
}

TEST(BundleReader, BN5_OtherParametersAreLetPass) {
  const std::string good = MadeAuthority();
  Json document = Json::parse(DocumentOf(Json::array({AuthorityJwk(good)})));
  document["more"] = {{"of", "it"}};
  EXPECT_THAT(Read(document.dump()).x509_authorities, ElementsAre(good));
}

TEST(BundleReader, XD12_UsesTheFirstCertificateAlone) {
  const std::string good = MadeAuthority();
  Json key = AuthorityJwk(good);
  key["x5c"].push_back(AuthorityJwk(MadeAuthority())["x5c"][0]);
  EXPECT_THAT(Read(DocumentOf(Json::array({key, AuthorityJwk(good)}))).x509_authorities,
              ElementsAre(good));
}

TEST(BundleReader, XD12_IgnoresWhatHasNoCertificate) {
  Json key = AuthorityJwk(MadeAuthority());
  for (const Json& chain : {Json(), Json::array(), Json("text"), Json::array({7})}) {
    key["x5c"] = chain;
    EXPECT_THAT(WhyIgnored(key), HasSubstr("x5c"));
  }
  key.erase("x5c");
  EXPECT_THAT(WhyIgnored(key), HasSubstr("x5c"));
  for (const char* broken : {"AAAA", "A", "!!!!", "-_-_", "===="}) {
    key["x5c"] = Json::array({broken});
    EXPECT_THAT(WhyIgnored(key), HasSubstr("x5c")) << broken;
  }
}

TEST(BundleReader, JD10_IgnoresTokenKeysWithoutAUsableKid) {
  Json key = Json::parse(MadeTokenKey()->jwk());
  key["kid"] = "";
  EXPECT_THAT(WhyIgnored(key), HasSubstr("kid"));
  key["kid"] = 7;
  EXPECT_THAT(WhyIgnored(key), HasSubstr("kid"));
}

TEST(BundleReader, IgnoresTokenKeysThatAreNone) {
  const Json good = Json::parse(MadeTokenKey()->jwk());
  const auto with = [&](const char* name, const Json& value) {
    Json key = good;
    key[name] = value;
    return key;
  };
  EXPECT_THAT(WhyIgnored(with("crv", "P-384")), HasSubstr("size"));
  EXPECT_THAT(WhyIgnored(with("crv", "secp256k1")), HasSubstr("crv"));
  EXPECT_THAT(WhyIgnored(with("x", good["y"])), HasSubstr("no key"));
  EXPECT_THAT(WhyIgnored(with("x", "short")), HasSubstr("size"));
  EXPECT_THAT(WhyIgnored(with("x", good["x"].get<std::string>() + "=")), HasSubstr("size"));
  EXPECT_THAT(WhyIgnored({{"kty", "oct"}, {"use", "jwt-svid"}, {"kid", "a"}, {"k", "c2VjcmV0"}}),
              HasSubstr("kty"));
  EXPECT_THAT(WhyIgnored({{"kty", "RSA"}, {"use", "jwt-svid"}, {"kid", "a"}, {"n", "w"}}),
              HasSubstr("n or e"));
  EXPECT_THAT(WhyIgnored({{"kty", "RSA"},
                          {"use", "jwt-svid"},
                          {"kid", "a"},
                          {"n", std::string(100, 'w')},
                          {"e", "AQAB"}}),
              HasSubstr("2048"));
  EXPECT_THAT(WhyIgnored({{"kty", "RSA"},
                          {"use", "jwt-svid"},
                          {"kid", "a"},
                          {"n", std::string(341, 'w') + "A"},
                          {"e", "AQAB"}}),
              HasSubstr("even"));
}

TEST(BundleReader, PassesOnThePublicHalfAlone) {
  Json key = Json::parse(MadeTokenKey()->jwk());
  key["d"] = key["x"];
  const ForeignBundle bundle = Read(DocumentOf(Json::array({key})));
  EXPECT_EQ(bundle.jwt_key_ring->size(), 1U);
  EXPECT_FALSE(Json::parse(bundle.jwt_keys)["keys"][0].contains("d"));
}

TEST(BundleReader, OfTwoTokenKeysWithOneNameTheFirstIsUsed) {
  const Json first = Json::parse(MadeTokenKey()->jwk());
  Json second = Json::parse(MadeTokenKey()->jwk());
  second["kid"] = first["kid"];
  const ForeignBundle bundle = Read(DocumentOf(Json::array({first, second})));
  EXPECT_EQ(Json::parse(bundle.jwt_keys)["keys"], Json::array({first}));
  EXPECT_THAT(bundle.ignored, ElementsAre(HasSubstr("same kid")));
}

TEST(BundleReader, KeysForWitSvidsAreKeptApartAndHaveNamesOfTheirOwn) {
  const Json of_jwts = Json::parse(MadeTokenKey()->jwk());
  Json of_wits = Json::parse(MadeTokenKey()->jwk());
  of_wits["use"] = "wit-svid";
  Json same_name = of_wits;
  same_name["kid"] = of_jwts["kid"];
  const ForeignBundle bundle = Read(DocumentOf(Json::array({of_jwts, of_wits, same_name})));
  EXPECT_EQ(Json::parse(bundle.jwt_keys)["keys"], Json::array({of_jwts}));
  EXPECT_EQ(Json::parse(bundle.wit_keys)["keys"], Json::array({of_wits}));
  EXPECT_EQ(bundle.jwt_key_ring->size(), 1U);
  EXPECT_THAT(bundle.ignored, ElementsAre(HasSubstr("same kid")));
  const ForeignBundle without = Read(DocumentOf(Json::array({of_jwts})));
  EXPECT_EQ(without.wit_keys, "");
  EXPECT_FALSE(without.TrustsTheSameAs(bundle));
}

TEST(BundleReader, RefusesWhatIsNoStrictJson) {
  for (const char* text : {"", "[]", "{\"keys\":[]} x", R"({"keys":[],"keys":[]})"})
    EXPECT_EQ(WhyRefused(text).code(), ErrorCode::kInvalidArgument);
}

TEST(BundleReader, IsBounded) {
  EXPECT_EQ(WhyRefused(R"({"keys":[]})" + std::string(1'048'576, ' ')).code(),
            ErrorCode::kResourceExhausted);
  const Json key = Json::parse(MadeTokenKey()->jwk());
  Json keys = Json::array();
  for (int i = 0; i < 600; ++i) {
    keys.push_back(key);
    keys.back()["kid"] = std::to_string(i);
  }
  EXPECT_EQ(WhyRefused(DocumentOf(keys)).code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(Read(DocumentOf(Json(5'000, 1))).ignored.size(), 20U);
}

}  // namespace
}  // namespace surety
