#include "agent/issuance/files_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
namespace fs = std::filesystem;

FilesOptions Options(const TempFolder& temp, bool chain = false) {
  return {.trust_domain = ExampleOrg(),
          .state_dir = temp.Path("state"),
          .files = {.cert = temp.Path("ca.pem"),
                    .key = temp.Path("ca.key"),
                    .chain = chain ? temp.Path("chain.pem") : ""},
          .clock_skew = Seconds(10),
          .max_svid_ttl = Seconds(900)};
}

void Put(const TempFolder& temp, const MadeCa& ca) {
  temp.Write("ca.pem", ca.CertificatePem());
  temp.Write("ca.key", ca.KeyPem());
}

std::unique_ptr<Authority> Open(const FilesOptions& options) {
  auto authority = OpenFromFiles(options, Start());
  EXPECT_TRUE(authority) << authority.error().Text();
  return *std::move(authority);
}

std::string WhyNotOpened(const FilesOptions& options) {
  const auto authority = OpenFromFiles(options, Start());
  EXPECT_FALSE(authority);
  return authority ? "it was opened" : authority.error().Text();
}

std::string WhyNotOpened(const CaSpec& spec) {
  const TempFolder temp;
  Put(temp, MakeCa(spec));
  return WhyNotOpened(Options(temp));
}

X509Svid Issue(Authority& authority, WallTime now = Start().wall) {
  auto svid = authority.Issue(EntryFor("spiffe://example.org/web"), now);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

std::string WhyRefusedBy(const Authority& authority, const X509Svid& svid) {
  return WhyRefused(svid.chain_der, authority.Bundles()->x509_authorities, Start().wall);
}

TEST(FilesAuthority, SignsWithARootOfEveryKindOfKey) {
  for (const std::string key : {"P-256", "P-384", "RSA-2048", "RSA-3072"}) {
    SCOPED_TRACE(key);
    const TempFolder temp;
    const MadeCa ca = MakeCa({.key = key});
    Put(temp, ca);
    const auto authority = Open(Options(temp));
    const X509Svid svid = Issue(*authority);
    EXPECT_EQ(svid.chain_der.size(), 1U);
    EXPECT_EQ(svid.issuer_key_id, authority->Status().front().subject_key_id);
    EXPECT_EQ(authority->Bundles()->x509_authorities, std::vector{ca.Der()});
    EXPECT_EQ(WhyRefusedBy(*authority, svid), "");
    EXPECT_EQ(authority->Status().front().source, "files");
    EXPECT_EQ(authority->Status().front().phase, "active");
    EXPECT_TRUE(authority->Degraded(Start().wall).empty());
  }
}

TEST(FilesAuthority, IntermediatesAreInTheChainAndTheRootInTheBundle) {
  const TempFolder temp;
  const MadeCa root = MakeCa({.key = "P-384", .common_name = "Root"});
  const MadeCa middle = MakeCa({.common_name = "Middle"}, &root);
  const MadeCa ca =
      MakeCa({.alt_name = "URI:spiffe://example.org", .common_name = "Signer"}, &middle);
  Put(temp, ca);
  temp.Write("chain.pem", middle.CertificatePem() + root.CertificatePem());
  const auto authority = Open(Options(temp, true));
  const X509Svid svid = Issue(*authority);
  EXPECT_EQ(svid.chain_der, (std::vector{svid.chain_der[0], ca.Der(), middle.Der()}));
  EXPECT_EQ(authority->Bundles()->x509_authorities, std::vector{root.Der()});
  EXPECT_EQ(WhyRefusedBy(*authority, svid), "");
}

TEST(FilesAuthority, ChainMayFollowTheCertificateInItsFile) {
  const TempFolder temp;
  const MadeCa root = MakeCa({.common_name = "Root"});
  const MadeCa ca = MakeCa({.common_name = "Signer"}, &root);
  Put(temp, ca);
  temp.Write("ca.pem", ca.CertificatePem() + root.CertificatePem());
  const auto authority = Open(Options(temp));
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority)), "");
}

TEST(FilesAuthority, UnfitCertificatesAreRefusedWithTheReason) {
  EXPECT_THAT(WhyNotOpened({.basic_constraints = "critical,CA:FALSE"}), HasSubstr("not a CA"));
  EXPECT_THAT(WhyNotOpened({.basic_constraints = ""}), HasSubstr("not a CA"));
  EXPECT_THAT(WhyNotOpened({.key_usage = "critical,digitalSignature"}), HasSubstr("keyCertSign"));
  EXPECT_THAT(WhyNotOpened({.key_usage = ""}), HasSubstr("keyCertSign"));
  EXPECT_THAT(WhyNotOpened({.alt_name = "URI:spiffe://example.com"}), HasSubstr("example.com"));
  EXPECT_THAT(WhyNotOpened({.alt_name = "URI:spiffe://example.org/web"}), HasSubstr("/web"));
  EXPECT_THAT(WhyNotOpened({.not_before = Start().wall + hours(1)}), HasSubstr("valid from"));
  EXPECT_THAT(WhyNotOpened({.not_after = Start().wall}), HasSubstr("valid from"));
  EXPECT_THAT(WhyNotOpened({.name_constraints = "critical,permitted;URI:.example.com"}),
              HasSubstr("peers would refuse"));
}

TEST(FilesAuthority, UnfitKeysAreRefusedWithTheReason) {
  EXPECT_THAT(WhyNotOpened({.key = "RSA-1024"}), HasSubstr("2048"));
  EXPECT_THAT(WhyNotOpened({.key = "P-521"}), HasSubstr("secp521r1"));
  EXPECT_THAT(WhyNotOpened({.key = "Ed25519"}), HasSubstr("neither EC nor RSA"));
  const TempFolder temp;
  Put(temp, MakeCa({}));
  temp.Write("ca.key", MakeCa({}).KeyPem());
  EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr("not the certificate's"));
}

TEST(FilesAuthority, ChainThatDoesNotVerifyIsRefused) {
  const TempFolder temp;
  const MadeCa root =
      MakeCa({.basic_constraints = "critical,CA:TRUE,pathlen:0", .common_name = "Root"});
  Put(temp, MakeCa({}, &root));
  EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr("needs its root"));
  temp.Write("chain.pem", MakeCa({.common_name = "Root"}).CertificatePem());
  EXPECT_THAT(WhyNotOpened(Options(temp, true)), HasSubstr("peers would refuse"));
  temp.Write("chain.pem", root.CertificatePem());
  EXPECT_THAT(WhyNotOpened(Options(temp, true)), HasSubstr("path length"));
}

TEST(FilesAuthority, DamagedFilesAreNamed) {
  const TempFolder temp;
  const MadeCa ca = MakeCa({});
  const std::string key = ca.KeyPem();
  const std::string certificate = ca.CertificatePem();
  Put(temp, ca);
  for (const std::string& bad : {std::string(), std::string("x"), key.substr(0, key.size() / 2),
                                 certificate, std::string(20'000, 'x')}) {
    temp.Write("ca.key", bad);
    EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr(temp.Path("ca.key")));
  }
  temp.Write("ca.key", key);
  for (const std::string& bad : {std::string(), certificate.substr(0, certificate.size() / 2), key,
                                 std::string(2'000'000, 'x')}) {
    temp.Write("ca.pem", bad);
    EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr(temp.Path("ca.pem")));
  }
  fs::remove(temp.Path("ca.pem"));
  EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr("No such file"));
}

TEST(FilesAuthority, EncryptedKeyIsRefusedWithoutAsking) {
  const TempFolder temp;
  const MadeCa ca = MakeCa({});
  Put(temp, ca);
  ASSERT_EQ(
      std::system(("openssl pkcs8 -topk8 -passout pass:x -in " + temp.Path("ca.key") + " -out " +
                   temp.Path("enc") + " && mv " + temp.Path("enc") + " " + temp.Path("ca.key"))
                      .c_str()),
      0);
  EXPECT_THAT(WhyNotOpened(Options(temp)), HasSubstr("passphrase"));
}

TEST(FilesAuthority, KeyInTheFormsOfOpensslCommandsIsRead) {
  for (const std::string command :
       {"openssl ecparam -name prime256v1 -genkey -out ", "openssl genrsa -traditional -out "}) {
    const TempFolder temp;
    const std::string key = temp.Path("ca.key");
    ASSERT_EQ(std::system((command + key + " 2>/dev/null && chmod 600 " + key +
                           " && openssl req -x509 -new -key " + key +
                           " -subj /CN=x -days 4000 "
                           "-addext keyUsage=critical,keyCertSign -out " +
                           temp.Path("ca.pem"))
                              .c_str()),
              0);
    const auto authority = OpenFromFiles(
        Options(temp), {.boot = Start().boot, .wall = std::chrono::system_clock::now()});
    EXPECT_TRUE(authority) << authority.error().Text();
  }
}

TEST(FilesAuthority, FilesThatOthersCanReachAreRefused) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes files of other users: run it as root";
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const std::string key = temp.Path("ca.key");
  const std::string certificate = temp.Path("ca.pem");
  ::chmod(key.c_str(), 0640);
  EXPECT_THAT(WhyNotOpened(Options(temp)), AllOf(HasSubstr(key), HasSubstr("chmod 0600")));
  ::chmod(key.c_str(), 0400);
  ASSERT_EQ(::chown(key.c_str(), 1234, 0), 0);
  EXPECT_THAT(WhyNotOpened(Options(temp)), AllOf(HasSubstr(key), HasSubstr("uid 1234")));
  ASSERT_EQ(::chown(key.c_str(), 0, 0), 0);
  ::chmod(certificate.c_str(), 0666);
  EXPECT_THAT(WhyNotOpened(Options(temp)), AllOf(HasSubstr(certificate), HasSubstr("0644")));
  ::chmod(certificate.c_str(), 0644);
  EXPECT_TRUE(Open(Options(temp)));
}

TEST(FilesAuthority, CredentialMayShowTheMaskOfItsAccessList) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes files of other groups: run it as root";
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const std::string key = temp.Path("ca.key");
  ::chmod(key.c_str(), 0440);
  FilesOptions options = Options(temp);
  EXPECT_THAT(WhyNotOpened(options), HasSubstr("chmod 0600"));
  options.files.key_is_credential = true;
  EXPECT_TRUE(Open(options));
  ASSERT_EQ(::chown(key.c_str(), 0, 1234), 0);
  EXPECT_THAT(WhyNotOpened(options), HasSubstr("chmod 0600"));
  ASSERT_EQ(::chown(key.c_str(), 0, 0), 0);
  ::chmod(key.c_str(), 0444);
  EXPECT_THAT(WhyNotOpened(options), HasSubstr("chmod 0600"));
}

TEST(FilesAuthority, ReloadTakesANewCa) {
  const TempFolder temp;
  const MadeCa old = MakeCa({});
  Put(temp, old);
  const auto authority = Open(Options(temp, false));
  const std::uint64_t revision = authority->Bundles()->revision;
  const X509Svid before = Issue(*authority);
  const MadeCa fresh = MakeCa({});
  Put(temp, fresh);
  temp.Write("ca.pem", fresh.CertificatePem() + old.CertificatePem());
  const AuthorityProgress progress = authority->Reload(Start());
  EXPECT_FALSE(progress.failure);
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_TRUE(progress.signer_changed);
  EXPECT_EQ(authority->Bundles()->revision, revision + 1);
  EXPECT_EQ(WhyRefusedBy(*authority, before), "");
  EXPECT_EQ(WhyRefused(Issue(*authority).chain_der, {fresh.Der()}, Start().wall), "");
}

TEST(FilesAuthority, ReloadOfTheSameFilesChangesNothing) {
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const auto authority = Open(Options(temp));
  const AuthorityProgress progress = authority->Reload(Start());
  EXPECT_FALSE(progress.bundles_changed || progress.signer_changed || progress.failure);
}

TEST(FilesAuthority, FailedReloadKeepsTheLastGoodCaAndSaysSo) {
  const TempFolder temp;
  const MadeCa ca = MakeCa({});
  Put(temp, ca);
  const auto authority = Open(Options(temp));
  temp.Write("ca.pem", "garbage");
  const AuthorityProgress progress = authority->Reload(Start());
  ASSERT_TRUE(progress.failure);
  EXPECT_FALSE(progress.bundles_changed || progress.signer_changed);
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority)), "");
  EXPECT_THAT(authority->Degraded(Start().wall), Contains(HasSubstr(temp.Path("ca.pem"))));
  Put(temp, ca);
  EXPECT_FALSE(authority->Reload(Start()).failure);
  EXPECT_TRUE(authority->Degraded(Start().wall).empty());
}

TEST(FilesAuthority, RevisionRisesAcrossRestartsWithEveryChange) {
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const std::uint64_t first = Open(Options(temp))->Bundles()->revision;
  EXPECT_EQ(Open(Options(temp))->Bundles()->revision, first);
  Put(temp, MakeCa({}));
  EXPECT_EQ(Open(Options(temp))->Bundles()->revision, first + 1);
}

TEST(FilesAuthority, EmbeddedAuthorityOutlivesAnExcursionToFiles) {
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const auto open_embedded = [&temp] { return *OpenEmbedded(OptionsFor(temp), Start()); };
  const auto before = open_embedded()->Bundles();
  const std::uint64_t meanwhile = Open(Options(temp))->Bundles()->revision;
  EXPECT_GT(meanwhile, before->revision);
  const auto after = open_embedded()->Bundles();
  EXPECT_EQ(after->x509_authorities, before->x509_authorities);
  EXPECT_GT(after->revision, meanwhile);
}

TEST(FilesAuthority, SaysWhenTheCaComesToItsEnd) {
  const TempFolder temp;
  Put(temp, MakeCa({.not_after = Start().wall + hours(24 * 100)}));
  const auto authority = Open(Options(temp));
  const auto at = [&authority](int days) {
    return authority->Degraded(Start().wall + hours(24 * days));
  };
  EXPECT_TRUE(at(89).empty());
  EXPECT_THAT(at(91), Contains(AllOf(HasSubstr("expires"), HasSubstr("SIGHUP"))));
  EXPECT_THAT(at(101), Contains(HasSubstr("nothing can be signed")));
}

TEST(FilesAuthority, EndlessCaIsTaken) {
  const TempFolder temp;
  const MadeCa ca = MakeCa({});
  ASN1_TIME_set_string_X509(X509_getm_notAfter(ca.certificate.get()), "99991231235959Z");
  ASSERT_GT(X509_sign(ca.certificate.get(), ca.key.get(), EVP_sha256()), 0);
  Put(temp, ca);
  const auto authority = Open(Options(temp));
  EXPECT_EQ(Issue(*authority).not_after, Start().wall + Seconds(900));
  EXPECT_TRUE(authority->Degraded(Start().wall).empty());
}

TEST(FilesAuthority, SignsForItsOwnTrustDomainOnly) {
  const TempFolder temp;
  Put(temp, MakeCa({}));
  const auto svid = Open(Options(temp))->Issue(EntryFor("spiffe://example.com/web"), Start().wall);
  ASSERT_FALSE(svid);
  EXPECT_EQ(svid.error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace surety
