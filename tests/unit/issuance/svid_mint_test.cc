#include "agent/issuance/svid_mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <random>
#include <set>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_reader.h"
#include "agent/issuance/root_authority.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

constexpr Seconds kSkew{10};

std::shared_ptr<const Signer> RootSigner(Seconds life = hours(24 * 7)) {
  auto root = MakeRoot(ExampleOrg(), Start().wall - kSkew, Start().wall + life);
  EXPECT_TRUE(root) << root.error().Text();
  return root->signer;
}

std::vector<std::string> RootsOf(const Signer& signer) { return {signer.certificate_der()}; }

X509Svid Mint(const Signer& signer, const Entry& entry, WallTime now = Start().wall) {
  auto svid = MintX509Svid(signer, entry, kSkew, now);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

bool IsCritical(const X509& certificate, int nid) {
  const int at = X509_get_ext_by_NID(&certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(&certificate, at)) == 1;
}

std::vector<std::string> DnsNamesOf(const X509& certificate) {
  std::vector<std::string> names;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    int type = 0;
    const auto* text = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type));
    if (type == GEN_DNS) {
      names.emplace_back(AsText(
          {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}));
    }
  }
  GENERAL_NAMES_free(all);
  return names;
}

// d2i keeps the octets of the signed part; only fields that were taken apart and
// put together again say whether they were DER.
std::string EncodedAnew(const std::string& der) {
  const CertificatePtr certificate = ParseDer(der);
  const int again = i2d_re_X509_tbs(certificate.get(), nullptr);
  EXPECT_GT(again, 0);
  return DerOf(*certificate);
}

TEST(SvidMint, LeafFollowsTheX509SvidProfile) {
  const auto signer = RootSigner();
  const X509Svid svid =
      Mint(*signer, EntryFor("spiffe://example.org/web", Seconds(900), {"web.internal"}));
  const CertificatePtr leaf = ParseDer(svid.chain_der.front());

  EXPECT_EQ(X509_get_version(leaf.get()), X509_VERSION_3);
  EXPECT_EQ(UriNamesOf(*leaf), std::vector<std::string>{"spiffe://example.org/web"});  // XD1
  EXPECT_EQ(DnsNamesOf(*leaf), std::vector<std::string>{"web.internal"});
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(leaf.get())), 0);
  EXPECT_TRUE(IsCritical(*leaf, NID_subject_alt_name));  // XD3
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);               // XD4
  EXPECT_TRUE(IsCritical(*leaf, NID_basic_constraints));
  EXPECT_TRUE(IsCritical(*leaf, NID_key_usage));  // XD5
  EXPECT_EQ(X509_get_key_usage(leaf.get()),
            static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));  // XD7
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()),
            static_cast<std::uint32_t>(XKU_SSL_SERVER | XKU_SSL_CLIENT));  // XD8
  EXPECT_EQ(X509_get_ext_count(leaf.get()), 6);
  const ASN1_OCTET_STRING* authority = X509_get0_authority_key_id(leaf.get());
  ASSERT_NE(authority, nullptr);
  EXPECT_EQ(AsText({ASN1_STRING_get0_data(authority), 20}), signer->key_id());
  EXPECT_EQ(svid.issuer_key_id, Hex(signer->key_id()));
  EXPECT_EQ(X509_get0_subject_key_id(leaf.get())->length, 20);
}

TEST(SvidMint, LeafVerifiesStrictlyAsServerAndClient) {
  const auto signer = RootSigner();
  const X509Svid svid = Mint(*signer, EntryFor("spiffe://example.org/web"));
  EXPECT_EQ(WhyRefused(svid.chain_der, RootsOf(*signer), Start().wall), "");
  EXPECT_NE(WhyRefused(svid.chain_der, RootsOf(*RootSigner()), Start().wall), "");
  EXPECT_NE(WhyRefused(svid.chain_der, RootsOf(*signer), Start().wall + Seconds(901)), "");
  EXPECT_NE(WhyRefused(svid.chain_der, RootsOf(*signer), Start().wall - Seconds(11)), "");
}

TEST(SvidMint, RootIsLeftOutOfTheChain) {
  EXPECT_EQ(Mint(*RootSigner(), EntryFor("spiffe://example.org/web")).chain_der.size(), 1U);
}

TEST(SvidMint, KeyIsPkcs8AndTheCertificates) {
  const X509Svid svid = Mint(*RootSigner(), EntryFor("spiffe://example.org/web"));
  const PKeyPtr key = ParsePkcs8(svid.key_der);
  ASSERT_TRUE(key);
  EXPECT_EQ(X509_check_private_key(ParseDer(svid.chain_der.front()).get(), key.get()), 1);
}

TEST(SvidMint, EveryCallMakesAnotherKeyAndSerial) {
  const auto signer = RootSigner();
  std::set<std::string> serials;
  std::set<std::string> keys;
  for (int i = 0; i < 200; ++i) {
    const X509Svid svid = Mint(*signer, EntryFor("spiffe://example.org/web"));
    serials.insert(svid.serial);
    keys.insert(std::string(AsText(svid.key_der.Reveal())));
    EXPECT_EQ(svid.serial.size(), 32U);
    EXPECT_LT(svid.serial, "80000000000000000000000000000000");
  }
  EXPECT_EQ(serials.size(), 200U);
  EXPECT_EQ(keys.size(), 200U);
}

TEST(SvidMint, SerialAndTimesAreThoseOfTheCertificate) {
  const X509Svid svid = Mint(*RootSigner(), EntryFor("spiffe://example.org/web", Seconds(600)),
                             Start().wall + std::chrono::milliseconds(1500));
  EXPECT_EQ(svid.not_before, Start().wall - Seconds(9));
  EXPECT_EQ(svid.not_after, Start().wall + Seconds(601));
  EXPECT_EQ(svid.hint, "internal");
  const CertificatePtr leaf = ParseDer(svid.chain_der.front());
  const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf.get());
  EXPECT_EQ(Hex(AsText({ASN1_STRING_get0_data(serial), 16})), svid.serial);
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &parts);
  EXPECT_EQ(std::chrono::sys_seconds(Seconds(::timegm(&parts))), svid.not_after);
}

TEST(SvidMint, SvidNeverOutlivesItsSigner) {
  const auto signer = RootSigner(Seconds(1000));
  EXPECT_EQ(Mint(*signer, EntryFor("spiffe://example.org/web", Seconds(900))).not_after,
            Start().wall + Seconds(900));
  EXPECT_EQ(Mint(*signer, EntryFor("spiffe://example.org/web", Seconds::max())).not_after,
            signer->not_after());
  const auto late = Start().wall + Seconds(999);
  EXPECT_EQ(Mint(*signer, EntryFor("spiffe://example.org/web"), late).not_after,
            signer->not_after());
}

TEST(SvidMint, RefusesOutsideTheSignersValidity) {
  const auto signer = RootSigner(Seconds(1000));
  const Entry entry = EntryFor("spiffe://example.org/web");
  for (const WallTime now : {Start().wall + Seconds(1000), Start().wall - Seconds(11),
                             WallAt("1971-01-01T00:00:00Z"), WallAt("2200-01-01T00:00:00Z")}) {
    const auto svid = MintX509Svid(*signer, entry, kSkew, now);
    ASSERT_FALSE(svid);
    EXPECT_EQ(svid.error().code(), ErrorCode::kUnavailable);
  }
}

TEST(SvidMint, RefusesEntriesThatMakeNoSvid) {
  const auto signer = RootSigner();
  const auto refused = [&signer](const Entry& entry) {
    const auto svid = MintX509Svid(*signer, entry, kSkew, Start().wall);
    EXPECT_FALSE(svid);
    EXPECT_EQ(svid.error().code(), ErrorCode::kInvalidArgument);
    return svid.error().Text();
  };
  EXPECT_THAT(refused(EntryFor("spiffe://example.org")), HasSubstr("path"));  // XD2
  EXPECT_THAT(refused(EntryFor("spiffe://example.org/web", Seconds(0))), HasSubstr("x509_ttl"));
  EXPECT_THAT(refused(EntryFor("spiffe://example.org/web", Seconds(-1))), HasSubstr("x509_ttl"));
  for (const std::string& name :
       std::vector<std::string>{"", ".", "a..b", "a b", "a/b", std::string("a\0b", 3), "x\xc3\xa9",
                                "*.", std::string(64, 'a'), std::string(254, 'a')}) {
    refused(EntryFor("spiffe://example.org/web", Seconds(900), {name}));
  }
}

TEST(SvidMint, LongestIdAndManyDnsNamesFit) {
  const auto signer = RootSigner();
  const std::string prefix = "spiffe://example.org/";
  const std::string longest = prefix + std::string(2048 - prefix.size(), 'x');
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("host-" + std::to_string(i) + ".internal");
  const X509Svid svid = Mint(*signer, EntryFor(longest, Seconds(900), names));
  const CertificatePtr leaf = ParseDer(svid.chain_der.front());
  EXPECT_EQ(UriNamesOf(*leaf), std::vector<std::string>{longest});
  EXPECT_EQ(DnsNamesOf(*leaf), names);
  EXPECT_EQ(WhyRefused(svid.chain_der, RootsOf(*signer), Start().wall), "");
}

// Any entry that may exist gives a certificate that OpenSSL reads, encodes to
// the same bytes, and verifies.
TEST(SvidMint, AnyEntryGivesAStrictlyValidCertificate) {
  std::mt19937 random(20260101);
  const auto pick = [&random](std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random);
  };
  const auto word = [&pick](std::string_view letters, std::size_t most) {
    std::string text;
    for (std::size_t i = pick(1, most); i > 0; --i) text += letters[pick(0, letters.size() - 1)];
    return text;
  };
  const auto signer = RootSigner();
  for (int round = 0; round < 400; ++round) {
    std::string id = "spiffe://example.org";
    for (std::size_t i = pick(1, 8); i > 0; --i) id += "/s" + word("abcXYZ019.-_", 60);
    std::vector<std::string> names;
    for (std::size_t i = pick(0, 5); i > 0; --i) {
      names.push_back(word("abcxyz", 20) + "." + word("abc", 20));
    }
    const Seconds ttl(pick(1, 3'000'000));
    const WallTime now = Start().wall + Seconds(pick(0, 600'000));
    SCOPED_TRACE(id);
    const X509Svid svid = Mint(*signer, EntryFor(id, ttl, names), now);
    const std::string& der = svid.chain_der.front();
    const CertificatePtr leaf = ParseDer(der);
    EXPECT_EQ(EncodedAnew(der), der);
    EXPECT_EQ(X509_verify(leaf.get(), X509_get0_pubkey(&signer->certificate())), 1);
    EXPECT_EQ(X509_check_purpose(leaf.get(), X509_PURPOSE_SSL_SERVER, 0), 1);
    EXPECT_EQ(X509_check_purpose(leaf.get(), X509_PURPOSE_SSL_CLIENT, 0), 1);
    EXPECT_EQ(X509_check_private_key(leaf.get(), ParsePkcs8(svid.key_der).get()), 1);
    EXPECT_EQ(UriNamesOf(*leaf), std::vector<std::string>{id});
    EXPECT_EQ(DnsNamesOf(*leaf), names);
    EXPECT_LE(svid.not_after, signer->not_after());
    EXPECT_EQ(WhyRefused(svid.chain_der, RootsOf(*signer), now), "");
  }
}

}  // namespace
}  // namespace surety
