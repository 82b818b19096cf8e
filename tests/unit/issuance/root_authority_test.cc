#include "agent/issuance/root_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_reader.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;

NewRoot Root(std::string_view trust_domain = "example.org") {
  auto root = MakeRoot(*TrustDomain::Parse(trust_domain), Start().wall, Start().wall + hours(24));
  EXPECT_TRUE(root) << root.error().Text();
  return *std::move(root);
}

std::string TextOf(const SecretBytes& secret) { return std::string(AsText(secret.Reveal())); }

std::string WhyDamaged(std::string_view text) {
  const auto signer = ParseRoot(AsBytes(text), ExampleOrg());
  EXPECT_FALSE(signer);
  if (signer) return "it was taken";
  EXPECT_EQ(signer.error().code(), ErrorCode::kDataLoss);
  return signer.error().Text();
}

TEST(RootAuthority, CertificateFollowsTheProfileOfASigner) {
  const NewRoot root = Root();
  const X509& certificate = root.signer->certificate();
  X509* mutable_certificate = ParseDer(root.signer->certificate_der()).release();
  const CertificatePtr owner(mutable_certificate);
  EXPECT_EQ(X509_check_ca(owner.get()), 1);  // XD4
  EXPECT_EQ(X509_get_pathlen(owner.get()), 0);
  EXPECT_EQ(X509_get_key_usage(owner.get()),
            static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));                 // XD6
  EXPECT_EQ(UriNamesOf(certificate), std::vector<std::string>{"spiffe://example.org"});  // XD9
  for (const int nid : {NID_basic_constraints, NID_key_usage}) {                         // XD5
    const int at = X509_get_ext_by_NID(&certificate, nid, -1);
    ASSERT_GE(at, 0);
    EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(&certificate, at)), 1);
  }
  EXPECT_EQ(X509_get_ext_by_NID(&certificate, NID_name_constraints, -1), -1);
  EXPECT_EQ(X509_get_ext_by_NID(&certificate, NID_ext_key_usage, -1), -1);
  EXPECT_TRUE(root.signer->self_signed());
}

TEST(RootAuthority, TwoOfOneTrustDomainHaveDifferentNames) {
  EXPECT_NE(Root().signer->subject(), Root().signer->subject());
}

TEST(RootAuthority, LongTrustDomainStaysOutOfTheCommonName) {
  const std::string longest(255, 'a');
  const NewRoot root = Root(longest);
  EXPECT_EQ(UriNamesOf(root.signer->certificate()),
            std::vector<std::string>{"spiffe://" + longest});
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(&root.signer->certificate())), 2);
}

TEST(RootAuthority, FileReadsBackAsTheSameAuthority) {
  const NewRoot root = Root();
  const auto read = ParseRoot(PrintRoot(root).Reveal(), ExampleOrg());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ((*read)->certificate_der(), root.signer->certificate_der());
  EXPECT_EQ((*read)->serial(), root.signer->serial());
  EXPECT_EQ((*read)->not_after(), root.signer->not_after());
}

TEST(RootAuthority, FileCutAnywhereIsRefused) {
  const std::string text = TextOf(PrintRoot(Root()));
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    ASSERT_NE(WhyDamaged(text.substr(0, length)), "it was taken") << length;
  }
}

TEST(RootAuthority, FileWithAnyByteChangedIsRefusedOrTheSame) {
  const NewRoot root = Root();
  const std::string text = TextOf(PrintRoot(root));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto read = ParseRoot(AsBytes(changed), ExampleOrg());
    const bool harmless = !read || (*read)->certificate_der() == root.signer->certificate_der();
    ASSERT_TRUE(harmless) << at;
  }
}

TEST(RootAuthority, FileOfAnotherKindIsRefusedWithTheReason) {
  const NewRoot root = Root();
  const NewRoot other = Root();
  const std::string text = TextOf(PrintRoot(root));
  const std::string key_of_other = TextOf(PrintRoot(other));
  const std::size_t key = text.find("-----BEGIN PRIVATE KEY");
  EXPECT_THAT(WhyDamaged(text.substr(0, key) +
                         key_of_other.substr(key_of_other.find("-----BEGIN PRIVATE KEY"))),
              testing::HasSubstr("not the certificate's"));
  EXPECT_THAT(WhyDamaged(text.substr(0, key)), testing::HasSubstr("no PRIVATE KEY"));
  EXPECT_THAT(WhyDamaged(text.substr(key)), testing::HasSubstr("no CERTIFICATE"));
  EXPECT_THAT(WhyDamaged(TextOf(PrintRoot(Root("other.org")))),
              testing::HasSubstr("not of spiffe://example.org"));
  EXPECT_THAT(WhyDamaged(std::string(kLargestRootFile + 1, 'x')), testing::HasSubstr("larger"));
  const MadeCa operators = MakeCa({.alt_name = "URI:spiffe://example.org"});
  EXPECT_NE(WhyDamaged(operators.CertificatePem()), "it was taken");
}

}  // namespace
}  // namespace surety
