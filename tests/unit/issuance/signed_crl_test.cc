#include "agent/issuance/signed_crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <array>
#include <limits>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/root_authority.h"
#include "agent/issuance/svid_mint.h"
#include "tests/unit/issuance/crl_support.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;

std::shared_ptr<const Signer> RootSigner() {
  auto root = MakeRoot(ExampleOrg(), Start().wall - hours(1), Start().wall + hours(24));
  EXPECT_TRUE(root) << root.error().Text();
  return root->signer;
}

X509Svid Mint(const Signer& signer) {
  auto svid = MintX509Svid(signer, EntryFor("spiffe://example.org/web"), Seconds(10), Start().wall);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

std::chrono::sys_seconds At(BootClock::duration time) { return floor<Seconds>(After(time).wall); }

SignedCrl Sign(const Signer& signer, const std::vector<Revocation>& revocations,
               std::uint64_t number = 7) {
  auto crl = SignCrl(signer, revocations, {.number = number, .this_update = At(minutes(1))},
                     At(minutes(61)));
  EXPECT_TRUE(crl) << crl.error().Text();
  return *std::move(crl);
}

Revocation OfSerial(const Signer& signer, std::string serial) {
  return {.serial = std::move(serial),
          .issuer_key_id = Hex(signer.key_id()),
          .revoked_at = Start().wall,
          .reason = RevocationReason::kPrivilegeWithdrawn,
          .not_after = Start().wall + hours(1)};
}

// Taken apart and put together again by the library, the octets are the same.
void ExpectDer(const std::string& der) {
  const CrlPtr crl = ParseCrl(der);
  EXPECT_GT(i2d_re_X509_CRL_tbs(crl.get(), nullptr), 0);
  unsigned char* again = nullptr;
  const int length = i2d_X509_CRL(crl.get(), &again);
  ASSERT_GT(length, 0);
  EXPECT_EQ(AsText({again, static_cast<std::size_t>(length)}), der);
  OPENSSL_free(again);
}

const X509_REVOKED* LineOf(X509_CRL& crl, const X509Svid& svid) {
  X509_REVOKED* line = nullptr;
  X509_CRL_get0_by_cert(&crl, &line, ParseDer(svid.chain_der.front()).get());
  return line;
}

TEST(SignedCrl, HasTheFieldsOfRfc5280) {
  const auto signer = RootSigner();
  const SignedCrl made = Sign(*signer, {});
  const CrlPtr crl = ParseCrl(made.der);
  EXPECT_EQ(X509_CRL_get_version(crl.get()), X509_CRL_VERSION_2);
  EXPECT_EQ(
      X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(&signer->certificate())),
      0);
  EXPECT_EQ(ThisUpdateOf(*crl), At(minutes(1)));
  EXPECT_EQ(NextUpdateOf(*crl), At(minutes(61)));
  EXPECT_EQ(NumberOf(*crl), 7U);
  ASSERT_EQ(X509_CRL_get_ext_count(crl.get()), 2);
  for (const int at : {0, 1}) {
    EXPECT_EQ(X509_EXTENSION_get_critical(X509_CRL_get_ext(crl.get(), at)), 0);
  }
  EXPECT_EQ(IssuerKeyIdOf(*crl), Hex(signer->key_id()));
  EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(&signer->certificate())), 1);
  EXPECT_EQ(made.issuer_key_id, Hex(signer->key_id()));
}

TEST(SignedCrl, WithoutRevocationsHasNoList) {
  const SignedCrl made = Sign(*RootSigner(), {});
  EXPECT_EQ(X509_CRL_get_REVOKED(ParseCrl(made.der).get()), nullptr);
  EXPECT_EQ(made.entries, 0U);
  ExpectDer(made.der);
}

TEST(SignedCrl, IsWrittenAsTheLibraryWouldWriteIt) {
  const auto signer = RootSigner();
  std::vector<Revocation> revocations;
  for (const std::string serial : {"01", "7f", "80", "0080", "ff00ff", "7fffffffffffffffffff"}) {
    revocations.push_back(OfSerial(*signer, serial));
  }
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1'767'225'600},
        std::numeric_limits<std::uint64_t>::max()}) {
    const SignedCrl made = Sign(*signer, revocations, number);
    ExpectDer(made.der);
    EXPECT_EQ(NumberOf(*ParseCrl(made.der)), number);
  }
}

TEST(SignedCrl, NamesSerialDateAndReason) {
  const auto signer = RootSigner();
  const std::array reasons{RevocationReason::kKeyCompromise, RevocationReason::kSuperseded,
                           RevocationReason::kCessationOfOperation,
                           RevocationReason::kPrivilegeWithdrawn};
  for (const RevocationReason reason : reasons) {
    const X509Svid svid = Mint(*signer);
    const CrlPtr crl = ParseCrl(Sign(*signer, {Revoke(svid, Start().wall, reason)}).der);
    const X509_REVOKED* line = LineOf(*crl, svid);
    ASSERT_NE(line, nullptr);
    EXPECT_EQ(*TimeOf(X509_REVOKED_get0_revocationDate(line)), Start().wall);
    auto* code = static_cast<ASN1_ENUMERATED*>(
        X509_REVOKED_get_ext_d2i(line, NID_crl_reason, nullptr, nullptr));
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(ASN1_ENUMERATED_get(code), static_cast<long>(reason));
    ASN1_ENUMERATED_free(code);
    EXPECT_EQ(X509_REVOKED_get_ext_count(line), 1);
  }
}

TEST(SignedCrl, LeavesOutReasonsThatItMayNotGive) {
  const auto signer = RootSigner();
  for (const int reason : {0, 6, 7, 8, 11, 200, -1}) {
    const X509Svid svid = Mint(*signer);
    const auto made =
        Sign(*signer, {Revoke(svid, Start().wall, static_cast<RevocationReason>(reason))});
    const CrlPtr crl = ParseCrl(made.der);
    const X509_REVOKED* line = LineOf(*crl, svid);
    ASSERT_NE(line, nullptr) << reason;
    EXPECT_EQ(X509_REVOKED_get_ext_count(line), 0) << reason;
    ExpectDer(made.der);
  }
}

TEST(SignedCrl, DatesNoLineAfterItself) {
  const auto signer = RootSigner();
  const X509Svid svid = Mint(*signer);
  const CrlPtr crl = ParseCrl(Sign(*signer, {Revoke(svid, After(hours(5)).wall)}).der);
  EXPECT_EQ(*TimeOf(X509_REVOKED_get0_revocationDate(LineOf(*crl, svid))), At(minutes(1)));
}

TEST(SignedCrl, HoldsOnlyWhatItsOwnKeySigned) {
  const auto one = RootSigner();
  const auto other = RootSigner();
  const X509Svid of_one = Mint(*one);
  const X509Svid of_other = Mint(*other);
  const std::vector revocations{Revoke(of_one, Start().wall), Revoke(of_other, Start().wall)};
  const SignedCrl made = Sign(*one, revocations);
  EXPECT_EQ(made.entries, 1U);
  EXPECT_TRUE(Names(made.der, of_one));
  EXPECT_EQ(EntriesOf(*ParseCrl(made.der)), 1);
}

TEST(SignedCrl, CountsSerialsThatAreNone) {
  const auto signer = RootSigner();
  std::vector<Revocation> revocations;
  for (const std::string serial : {"", "0", "00", "0000", "xy", "AB", "123", "12 4", "0x12",
                                   "112233445566778899aabbccddeeff112233445566"}) {
    revocations.push_back(OfSerial(*signer, serial));
  }
  const std::size_t wrong = revocations.size();
  revocations.push_back(OfSerial(*signer, "112233445566778899aabbccddeeff1122334455"));
  const SignedCrl made = Sign(*signer, revocations);
  EXPECT_EQ(made.malformed, wrong);
  EXPECT_EQ(made.entries, 1U);
  ExpectDer(made.der);
}

TEST(SignedCrl, NamesASerialOnce) {
  const auto signer = RootSigner();
  const SignedCrl made = Sign(*signer, {OfSerial(*signer, "12"), OfSerial(*signer, "12"),
                                        OfSerial(*signer, "0012"), OfSerial(*signer, "13")});
  EXPECT_EQ(made.entries, 2U);
  EXPECT_EQ(made.malformed, 0U);
  EXPECT_EQ(EntriesOf(*ParseCrl(made.der)), 2);
}

TEST(SignedCrl, OfEveryKindOfKeyIsTakenByPeers) {
  for (const std::string key : {"P-256", "P-384", "RSA-2048"}) {
    SCOPED_TRACE(key);
    MadeCa ca = MakeCa({.key = key});
    const std::string root = ca.Der();
    const auto signer = Signer::Create(std::move(ca.certificate), std::move(ca.key), {});
    ASSERT_TRUE(signer) << signer.error().Text();
    const X509Svid bad = Mint(**signer);
    const X509Svid good = Mint(**signer);
    const std::string crl = Sign(**signer, {Revoke(bad, Start().wall)}).der;
    ExpectDer(crl);
    const WallTime at = After(minutes(5)).wall;
    EXPECT_EQ(WhyRefusedWithCrls(good.chain_der, {root}, {crl}, at), "");
    EXPECT_EQ(WhyRefusedWithCrls(good.chain_der, {root}, {crl}, at, true), "");
    EXPECT_EQ(WhyRefusedWithCrls(bad.chain_der, {root}, {crl}, at), kRevoked);
    EXPECT_EQ(WhyRefusedWithCrls(good.chain_der, {root}, {}, at), kNoCrl);
    EXPECT_EQ(WhyRefusedWithCrls(good.chain_der, {root}, {crl}, After(minutes(62)).wall),
              "CRL has expired");
  }
}

TEST(SignedCrl, SignerKnowsWhetherItMay) {
  for (const bool may : {true, false}) {
    MadeCa ca =
        MakeCa({.key_usage = may ? "critical,keyCertSign,cRLSign" : "critical,keyCertSign"});
    const auto signer = Signer::Create(std::move(ca.certificate), std::move(ca.key), {});
    ASSERT_TRUE(signer);
    EXPECT_EQ((*signer)->may_sign_crls(), may);
  }
  EXPECT_TRUE(RootSigner()->may_sign_crls());  // XD6
}

TEST(SignedCrl, OfTwentyThousandIsWhole) {
  const auto signer = RootSigner();
  const X509Svid good = Mint(*signer);
  std::vector<Revocation> revocations;
  for (int i = 0; i < 20'000; ++i) revocations.push_back(OfSerial(*signer, Hex(*RandomSerial())));
  revocations[12'345] = Revoke(Mint(*signer), Start().wall);
  const X509Svid bad = Mint(*signer);
  revocations.back() = Revoke(bad, Start().wall);
  const SignedCrl made = Sign(*signer, revocations);
  EXPECT_EQ(made.entries, 20'000U);
  EXPECT_LT(made.der.size(), 20'000U * 49 + 500);
  EXPECT_EQ(EntriesOf(*ParseCrl(made.der)), 20'000);
  const std::vector roots{signer->certificate_der()};
  const WallTime at = After(minutes(5)).wall;
  EXPECT_EQ(WhyRefusedWithCrls(bad.chain_der, roots, {made.der}, at), kRevoked);
  EXPECT_EQ(WhyRefusedWithCrls(good.chain_der, roots, {made.der}, at), "");
}

}  // namespace
}  // namespace surety
