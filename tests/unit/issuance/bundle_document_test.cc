// CONFORMANCE rows BN, XD12, JD10: our bundle as other trust domains read it.
#include "agent/issuance/bundle_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/issuance/certificate_jwk.h"
#include "agent/issuance/certificate_view.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr Seconds kHint{300};
const char* const kTokenKey =
    R"({"kty":"EC","use":"jwt-svid","kid":"k","crv":"P-256","x":"x","y":"y"})";

BundleSet BundleOf(const std::vector<std::string>& authorities) {
  return {.revision = 4,
          .edition = 9,
          .trust_domain = ExampleOrg(),
          .x509_authorities = authorities,
          .federated = {},
          .crls = {"crl"}};
}

TokenBundles TokensOf(const std::string& keys) {
  return {.revision = 3,
          .jwk_sets = {{"example.org", R"({"keys":[)" + keys + "]}"},
                       {"other.org", R"({"keys":[{"kty":"other"}]})"}}};
}

// The certificate of a CA with a key of this kind.
std::string CaWith(PKeyPtr key) {
  const CertificatePtr certificate(X509_new());
  X509_set_pubkey(certificate.get(), key.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  const bool hashes = EVP_PKEY_is_a(key.get(), "ED25519") != 1;
  EXPECT_GT(X509_sign(certificate.get(), key.get(), hashes ? EVP_sha256() : nullptr), 0);
  return DerOf(*certificate);
}

Json Written(const BundleSet& bundle, const TokenBundles& tokens) {
  const auto document = WriteBundleDocument(bundle, tokens, kHint);
  EXPECT_TRUE(document) << document.error().Text();
  return document ? Json::parse(*document) : Json();
}

TEST(BundleDocument, BN1_BN2_BN3_HasKeysASequenceAndARefreshHint) {
  const Json document = Written(BundleOf({}), TokensOf(""));
  EXPECT_EQ(document,
            (Json{{"keys", Json::array()}, {"spiffe_sequence", 7}, {"spiffe_refresh_hint", 300}}));
}

TEST(BundleDocument, BN2_SequenceRisesWithEitherKindOfKey) {
  BundleSet bundle = BundleOf({});
  TokenBundles tokens = TokensOf("");
  const auto sequence = [&] { return Written(bundle, tokens)["spiffe_sequence"].get<int>(); };
  const int before = sequence();
  ++bundle.revision;
  EXPECT_EQ(sequence(), before + 1);
  ++tokens.revision;
  EXPECT_EQ(sequence(), before + 2);
}

TEST(BundleDocument, JD10_HoldsOurOwnTokenKeysAsTheyStand) {
  const Json document = Written(BundleOf({}), TokensOf(kTokenKey));
  EXPECT_EQ(document["keys"], Json::array({Json::parse(kTokenKey)}));
}

TEST(BundleDocument, XD12_CertificatesHaveUseAndOneX5cAndNoKid) {
  const std::string der = CaWith(PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
  const Json document = Written(BundleOf({der, der}), TokensOf(kTokenKey));
  ASSERT_EQ(document["keys"].size(), 3U);
  const Json& key = document["keys"][0];
  EXPECT_EQ(key["use"], "x509-svid");
  EXPECT_FALSE(key.contains("kid"));
  ASSERT_EQ(key["x5c"].size(), 1U);
  std::string decoded(der.size() + 3, '\0');
  const std::string encoded = key["x5c"][0];
  ASSERT_GT(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                            reinterpret_cast<const unsigned char*>(encoded.data()),
                            static_cast<int>(encoded.size())),
            0);
  EXPECT_EQ(decoded.substr(0, der.size()), der);
}

TEST(BundleDocument, NamesEachKindOfKeyAsRfc7518HasIt) {
  struct Expected {
    PKeyPtr key;
    const char* kind;
    const char* curve;
    std::size_t first;  // Characters of x, or of n.
  };
  for (auto& [key, kind, curve, first] :
       {Expected{PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), "EC", "P-256", 43},
        Expected{PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")), "EC", "P-384", 64},
        Expected{PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521")), "EC", "P-521", 88},
        Expected{PKeyPtr(EVP_RSA_gen(2048)), "RSA", nullptr, 342},
        Expected{PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), "OKP", "Ed25519", 43}}) {
    EVP_PKEY_up_ref(key.get());
    const Json jwk = Written(BundleOf({CaWith(PKeyPtr(key.get()))}), TokensOf(""))["keys"][0];
    EXPECT_EQ(jwk["kty"], kind);
    EXPECT_EQ(jwk.value("crv", ""), curve != nullptr ? curve : "");
    EXPECT_EQ(jwk[curve != nullptr ? "x" : "n"].get<std::string>().size(), first) << kind;
    EXPECT_EQ(jwk.contains("y"), std::string(kind) == "EC");
  }
}

TEST(BundleDocument, ACaWhoseKeyHasNoNameIsAnError) {
  const std::string der = CaWith(PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1")));
  const auto document = WriteBundleDocument(BundleOf({der}), TokensOf(""), kHint);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(document.error().Text(), HasSubstr("P-256"));
}

TEST(BundleDocument, PeersLookFiveTimesBeforeANewKeySigns) {
  EXPECT_EQ(RefreshHintFor(Seconds(600)), Seconds(20));
  EXPECT_EQ(RefreshHintFor(Seconds(40)), Seconds(1));
  EXPECT_EQ(RefreshHintFor(Seconds(7 * 86'400)), Seconds(300));
  EXPECT_EQ(RefreshHintFor(Seconds(10)), Seconds(1));
}

std::string WhyNoDocument(const std::string& pem) {
  const auto document = BundleDocumentOfPem(pem);
  return document ? "it was taken" : document.error().Text();
}

TEST(BundleDocument, OfPemHasItsCasAndNothingElse) {
  const std::string first = MakeCa({}).Der();
  const std::string second = MakeCa({}).Der();
  const auto document =
      BundleDocumentOfPem("Theirs:\n" + CertificatePem(first) + "\n" + CertificatePem(second));
  ASSERT_TRUE(document) << document.error().Text();
  const Json json = Json::parse(*document);
  EXPECT_EQ(json.size(), 1U);
  ASSERT_EQ(json["keys"].size(), 2U);
  EXPECT_EQ(json["keys"][1], Json::parse(JwkOfCertificate(*ParseDer(second))->dump()));
}

TEST(BundleDocument, OfPemTakesNothingButCas) {
  const std::string ca = CertificatePem(MakeCa({}).Der());
  const std::string leaf =
      CertificatePem(CaWith(PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))));
  EXPECT_EQ(WhyNoDocument(leaf), "certificate 1 is not that of a CA");
  EXPECT_EQ(WhyNoDocument(ca + leaf), "certificate 2 is not that of a CA");
  EXPECT_THAT(WhyNoDocument(""), HasSubstr("no PEM certificate"));
  EXPECT_NE(WhyNoDocument(ca.substr(0, ca.size() / 2)), "it was taken");
  EXPECT_THAT(WhyNoDocument(ca + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
              HasSubstr("a PUBLIC KEY stands"));
}

}  // namespace
}  // namespace surety
