// The forms that tokens are made of: base64url, strict JSON, algorithms.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "agent/issuance/base64url.h"
#include "agent/issuance/jws_algorithm.h"
#include "agent/issuance/strict_json.h"
#include "tests/unit/issuance/jwt_support.h"

namespace surety {
namespace {

using testing::HasSubstr;

TEST(Base64Url, WritesAndReadsWhatRfc4648HasAsExamples) {
  const std::pair<std::string, std::string> examples[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(Base64Url(bytes), text);
    EXPECT_EQ(DecodeBase64Url(text), bytes);
  }
}

TEST(Base64Url, ReadsNothingElse) {
  for (const char* text : {"Zg==", "Zg=", "Z", "Zm9vY", "Zm9 v", "Zm9v\n", "+__-", "/w", "Zh",
                           "Zm9", "Zm9vYmF=", "\xc3\xa4"})
    EXPECT_FALSE(DecodeBase64Url(text)) << text;
}

std::string WhyNotRead(std::string_view text) {
  const auto read = ParseStrictObject(text);
  return read ? "it was read" : read.error().Text();
}

TEST(StrictJson, ReadsAnObject) {
  const auto read = ParseStrictObject(R"( {"a":{"b":1},"c":[{"b":2},{"b":3}],"d":"\u00e4"} )");
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ((*read)["c"][1]["b"], 3);
}

TEST(StrictJson, RefusesWhatReadersDifferIn) {
  EXPECT_THAT(WhyNotRead(R"({"a":1,"a":2})"), HasSubstr("twice"));
  EXPECT_THAT(WhyNotRead(R"({"a":1,"\u0061":2})"), HasSubstr("twice"));
  EXPECT_THAT(WhyNotRead(R"({"x":[{"a":1,"a":1}]})"), HasSubstr("twice"));
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{}x"), std::string("{\"a\":NaN}"),
        std::string("{\"a\":1e999}"), std::string("{'a':1}"), std::string("{} // x"),
        std::string("{}\0", 3), std::string("{}\0{}", 5), std::string("\xef\xbb\xbf{}"),
        std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":1,}")})
    EXPECT_THAT(WhyNotRead(text), HasSubstr("not JSON")) << text;
  for (const char* text : {"[]", "1", "null", "\"x\""})
    EXPECT_THAT(WhyNotRead(text), HasSubstr("object")) << text;
}

TEST(StrictJson, IsBounded) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "{\"a\":";
  EXPECT_THAT(WhyNotRead(deep + "1" + std::string(17, '}')), HasSubstr("deep"));
  std::string deepest;
  for (int i = 0; i < 16; ++i) deepest += "{\"a\":";
  EXPECT_TRUE(ParseStrictObject(deepest + "1" + std::string(16, '}')));
  EXPECT_THAT(WhyNotRead(std::string(100'000, '[')), HasSubstr("deep"));
  std::string many = "{\"a\":[0";
  for (int i = 0; i < 1'000; ++i) many += ",0";
  EXPECT_THAT(WhyNotRead(many + "]}"), HasSubstr("too many"));
}

TEST(JwsAlgorithm, Jd3_TheListHasNineNames) {
  for (const char* name :
       {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    const JwsAlgorithm* found = FindJwsAlgorithm(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name, name);
  }
  for (const char* name : {"", "none", "None", "NONE", "HS256", "HS384", "HS512", "EdDSA", "ES256K",
                           "es256", "ES256 ", "RSA-OAEP"})
    EXPECT_EQ(FindJwsAlgorithm(name), nullptr) << name;
}

TEST(JwsAlgorithm, EachVerifiesWhatOpenSslSignedAndNothingElse) {
  for (const char* name :
       {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    const JwsAlgorithm& algorithm = *FindJwsAlgorithm(name);
    const PKeyPtr key = KeyForAlgorithm(name);
    const std::string signature = SignJws(name, *key, "text");
    EXPECT_TRUE(VerifyJws(algorithm, *key, "text", signature)) << name;
    EXPECT_FALSE(VerifyJws(algorithm, *key, "texT", signature)) << name;
    EXPECT_FALSE(VerifyJws(algorithm, *key, "text", "")) << name;
    EXPECT_FALSE(VerifyJws(algorithm, *key, "text", signature + "x")) << name;
    EXPECT_FALSE(VerifyJws(algorithm, *key, "text", std::string(signature.size(), '\0'))) << name;
    const PKeyPtr other = KeyForAlgorithm(name, 1);
    EXPECT_FALSE(VerifyJws(algorithm, *other, "text", signature)) << name;
  }
}

TEST(JwsAlgorithm, AKeyOfAnotherKindIsRefused) {
  const PKeyPtr p256 = KeyForAlgorithm("ES256");
  const PKeyPtr rsa = KeyForAlgorithm("RS256");
  const std::string signature = SignJws("PS256", *rsa, "text");
  EXPECT_FALSE(VerifyJws(*FindJwsAlgorithm("RS256"), *rsa, "text", signature));
  for (const char* name : {"ES384", "ES512", "RS256", "PS512"})
    EXPECT_FALSE(VerifyJws(*FindJwsAlgorithm(name), *p256, "text", std::string(96, 'x'))) << name;
  EXPECT_FALSE(VerifyJws(*FindJwsAlgorithm("ES256"), *rsa, "text", std::string(64, 'x')));
  const PKeyPtr small(EVP_RSA_gen(1024));
  const auto refused =
      VerifyJws(*FindJwsAlgorithm("RS256"), *small, "text", SignJws("RS256", *small, "text"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().Text(), HasSubstr("kind"));
}

}  // namespace
}  // namespace surety
