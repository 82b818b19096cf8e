#include "agent/issuance/certificate_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "agent/issuance/openssl_handles.h"
#include "tests/unit/command/made_identity.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(CertificateView, ShowsWhatTheCertificateSays) {
  const auto identity = MakeIdentity({.more_uris = {},
                                      .dns_names = {"web.internal", "www.internal"},
                                      .common_name = "web",
                                      .serial = 0xABCDEF});
  const auto view = ViewCertificate(identity.certificate_der);
  ASSERT_TRUE(view) << view.error().Text();
  EXPECT_EQ(view->spiffe_id, "spiffe://example.org/web");
  EXPECT_EQ(view->subject, "CN=web");
  EXPECT_THAT(view->dns_names, ElementsAre("web.internal", "www.internal"));
  EXPECT_EQ(view->serial, "abcdef");
  EXPECT_EQ(view->key_type, "EC P-256");
  EXPECT_EQ(view->not_before, WallTime(1'767'225'600s));
  EXPECT_EQ(view->not_after, WallTime(1'767'226'500s));
}

TEST(CertificateView, NamesTheKindOfKey) {
  const auto type_of = [](const char* type) {
    const auto view = ViewCertificate(MakeIdentity({.key_type = type}).certificate_der);
    return view ? view->key_type : view.error().Text();
  };
  EXPECT_EQ(type_of("P-384"), "EC P-384");
  EXPECT_EQ(type_of("RSA"), "RSA 2048");
  EXPECT_EQ(type_of("ED25519"), "Ed25519");
}

TEST(CertificateView, TwoUrisAreNoSpiffeId) {
  const auto identity = MakeIdentity({.more_uris = {"spiffe://example.org/other"}});
  const auto view = ViewCertificate(identity.certificate_der);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->spiffe_id, "");
}

TEST(CertificateView, AnEndBeyondOurClockIsItsEnd) {
  const auto view = ViewCertificate(
      MakeIdentity({.not_before = WallTime(0s), .not_after = WallTime::max()}).certificate_der);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->not_after, std::chrono::floor<Seconds>(WallTime::max()));
}

TEST(CertificateView, BytesAfterTheCertificateAreRefused) {
  EXPECT_FALSE(ViewCertificate(MakeIdentity().certificate_der + "x"));
  EXPECT_FALSE(ViewCertificate(""));
  EXPECT_FALSE(ViewCertificate("certificate"));
}

TEST(SplitCertificates, KeepsOrderAndBytes) {
  const std::string first = MakeIdentity({.serial = 1}).certificate_der;
  const std::string second = MakeIdentity({.serial = 2}).certificate_der;
  const auto both = SplitCertificates(first + second);
  ASSERT_TRUE(both) << both.error().Text();
  EXPECT_THAT(*both, ElementsAre(first, second));
}

TEST(SplitCertificates, RefusesWhatIsNotWholeDer) {
  const std::string whole = MakeIdentity().certificate_der;
  for (const std::string& damaged :
       {std::string(), whole.substr(0, whole.size() - 1), whole + "x", "x" + whole,
        std::string("\x30\x80\x00\x00", 4), std::string("\x30\x84\xff\xff\xff\xff", 6),
        std::string("\x04\x01\x00", 3)}) {
    const auto split = SplitCertificates(damaged);
    ASSERT_FALSE(split);
    EXPECT_EQ(split.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(SplitCertificates, RefusesAFloodOfTinyOnes) {
  std::string flood;
  for (std::size_t i = 0; i <= kMaxCertificates; ++i) flood += std::string("\x30\x00", 2);
  const auto split = SplitCertificates(flood);
  ASSERT_FALSE(split);
  EXPECT_THAT(split.error().Text(), HasSubstr("more than 1000"));
}

TEST(CheckKeyBelongsTo, KnowsAKeyFromAnother) {
  const auto identity = MakeIdentity();
  const auto other = MakeIdentity();
  EXPECT_TRUE(CheckKeyBelongsTo(SecretBytes(identity.key_der), identity.certificate_der));
  const auto wrong = CheckKeyBelongsTo(SecretBytes(other.key_der), identity.certificate_der);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().Text(), HasSubstr("is not the certificate's"));
}

TEST(CheckKeyBelongsTo, RefusesWhatIsNotPkcs8) {
  const auto identity = MakeIdentity();
  auto longer = identity.key_der;
  longer.push_back(0);
  for (const auto& damaged : {std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{1, 2}, longer})
    EXPECT_FALSE(CheckKeyBelongsTo(SecretBytes(damaged), identity.certificate_der));
}

TEST(Pem, IsReadBackByOpenSsl) {
  for (const char* type : {"P-256", "P-384", "RSA", "ED25519"}) {
    const auto identity = MakeIdentity({.key_type = type});
    const std::string certificate = CertificatePem(identity.certificate_der);
    const BioPtr in(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
    const CertificatePtr back(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    ASSERT_TRUE(back);
    EXPECT_EQ(DerOf(*back), identity.certificate_der);

    const SecretBytes key = PrivateKeyPem(SecretBytes(identity.key_der));
    const BioPtr key_in(
        BIO_new_mem_buf(key.Reveal().data(), static_cast<int>(key.Reveal().size())));
    const PKeyPtr key_back(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
    ASSERT_TRUE(key_back);
    EXPECT_EQ(X509_check_private_key(back.get(), key_back.get()), 1);
  }
}

TEST(Pem, HasLinesOf64Characters) {
  const std::string pem = CertificatePem(std::string(100, 'x'));
  EXPECT_EQ(pem.find('\n', 28) - 28, 64U);
  EXPECT_THAT(pem, ::testing::StartsWith("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(pem, ::testing::EndsWith("\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace surety
