#include "agent/sinks/sink_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

#include "agent/issuance/openssl_handles.h"
#include "tests/unit/command/made_identity.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

SvidUpdate Made() {
  const MadeIdentity made = MakeIdentity();
  X509Svid svid{.id = *SpiffeId::Parse("spiffe://example.org/web"),
                .hint = "",
                .serial = "5fab01",
                .issuer_key_id = "",
                .chain_der = {made.certificate_der},
                .key_der = SecretBytes(made.key_der),
                .not_before = {},
                .not_after = {}};
  SvidUpdate update;
  update.svids.push_back(std::make_shared<const X509Svid>(std::move(svid)));
  update.bundles = std::make_shared<const BundleSet>(
      BundleSet{.revision = 1,
                .edition = 1,
                .trust_domain = *TrustDomain::Parse("example.org"),
                .x509_authorities = {made.certificate_der, made.certificate_der},
                .federated = {{"other.org", {"their authority"}}},
                .crls = {"crl"}});
  return update;
}

std::string TextOf(const SinkFile& file) {
  const auto bytes = file.bytes.Reveal();
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> Shown(const std::vector<SinkFile>& files) {
  std::vector<std::string> out;
  for (const SinkFile& file : files) out.push_back(file.name + (file.holds_key ? " key" : ""));
  return out;
}

TEST(SinkFiles, PemKeepsTheKeyApart) {
  const auto files = MakeSinkFiles(Made(), SinkLayout::kPem, "");
  ASSERT_TRUE(files);
  EXPECT_THAT(Shown(*files), ElementsAre("svid.pem", "key.pem key", "bundle.pem", "crl.pem"));
  EXPECT_THAT(TextOf(files->at(0)), HasSubstr("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(TextOf(files->at(0)), Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(TextOf(files->at(1)), HasSubstr("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_THAT(TextOf(files->at(2)), HasSubstr("END CERTIFICATE-----\n-----BEGIN CERTIFICATE"));
  const std::string certificate = TextOf(files->at(0));
  EXPECT_EQ(TextOf(files->at(2)), certificate + certificate) << "none of another trust domain";
  EXPECT_THAT(TextOf(files->at(3)), HasSubstr("-----BEGIN X509 CRL-----\n"));
}

TEST(SinkFiles, CombinedHasCertificateAndKeyInOne) {
  const auto files = MakeSinkFiles(Made(), SinkLayout::kCombined, "");
  ASSERT_TRUE(files);
  EXPECT_THAT(Shown(*files), ElementsAre("combined.pem key", "bundle.pem", "crl.pem"));
  EXPECT_THAT(TextOf(files->at(0)),
              HasSubstr("-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"));
}

TEST(SinkFiles, Pkcs12OpensWithItsPasswordAndNoOther) {
  const SvidUpdate update = Made();
  const auto files = MakeSinkFiles(update, SinkLayout::kPkcs12, "changeit");
  ASSERT_TRUE(files);
  EXPECT_THAT(Shown(*files), ElementsAre("svid.p12 key", "bundle.pem", "crl.pem"));
  const std::string bytes = TextOf(files->front());
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::unique_ptr<PKCS12, FreeWith<PKCS12_free>> file(
      d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size())));
  ASSERT_TRUE(file);
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  EXPECT_EQ(PKCS12_parse(file.get(), "changed", &key, &leaf, nullptr), 0);
  ASSERT_EQ(PKCS12_parse(file.get(), "changeit", &key, &leaf, nullptr), 1);
  const PKeyPtr owned_key(key);
  const CertificatePtr owned_leaf(leaf);
  EXPECT_EQ(DerOf(*leaf), update.svids.front()->chain_der.front());
  EXPECT_EQ(X509_check_private_key(leaf, key), 1);
}

TEST(SinkFiles, AreNotMadeWithoutTheRevocationLists) {
  SvidUpdate update = Made();
  auto without = std::make_shared<BundleSet>(*update.bundles);
  without->crls.clear();
  without->crls_left_out = true;
  update.bundles = without;
  const auto files = MakeSinkFiles(update, SinkLayout::kPem, "");
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), ErrorCode::kUnavailable);
}

TEST(SinkFiles, AreTheSameWhateverOtherTrustDomainsDo) {
  const SvidUpdate update = Made();
  SvidUpdate next = update;
  const auto with = [&](auto change) {
    auto bundles = std::make_shared<BundleSet>(*update.bundles);
    change(*bundles);
    next.bundles = bundles;
    return MakeTheSameFiles(update, next);
  };
  EXPECT_TRUE(with([](BundleSet& bundles) { bundles.federated.clear(); }));
  EXPECT_FALSE(with([](BundleSet& bundles) { bundles.x509_authorities.pop_back(); }));
  EXPECT_FALSE(with([](BundleSet& bundles) { bundles.crls.emplace_back("another"); }));
  EXPECT_FALSE(with([](BundleSet& bundles) { bundles.crls_left_out = true; }));
  EXPECT_FALSE(MakeTheSameFiles(update, Made())) << "another SVID";
}

}  // namespace
}  // namespace surety
