// What the openssl command, which operators use, says of our certificates.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "agent/issuance/certificate_view.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/files_authority.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

Moment Now() { return {.boot = Start().boot, .wall = std::chrono::system_clock::now()}; }

bool Succeeds(const std::string& command) { return std::system(command.c_str()) == 0; }

void ExpectVerified(const TempFolder& temp, Authority& authority) {
  const auto svid = authority.Issue(
      EntryFor("spiffe://example.org/web", Seconds(900), {"web.internal"}), Now().wall);
  ASSERT_TRUE(svid) << svid.error().Text();
  std::string roots;
  for (const auto& root : authority.Bundles()->x509_authorities) roots += CertificatePem(root);
  std::string above;
  for (std::size_t i = 1; i < svid->chain_der.size(); ++i) {
    above += CertificatePem(svid->chain_der[i]);
  }
  const std::string untrusted =
      above.empty() ? "" : " -untrusted " + temp.Write("above.pem", above);
  const std::string leaf = temp.Write("leaf.pem", CertificatePem(svid->chain_der[0]));
  const std::string key = temp.Write("leaf.key", AsText(PrivateKeyPem(svid->key_der).Reveal()));
  const std::string bundle = temp.Write("bundle.pem", roots);
  for (const std::string purpose : {"sslserver", "sslclient"}) {
    EXPECT_TRUE(Succeeds("openssl verify -x509_strict -check_ss_sig -purpose " + purpose +
                         " -verify_hostname web.internal -CAfile " + bundle + untrusted + " " +
                         leaf + " >&2"));
  }
  EXPECT_FALSE(Succeeds("openssl verify -verify_hostname other.internal -CAfile " + bundle +
                        untrusted + " " + leaf + " 2>/dev/null"));
  EXPECT_TRUE(Succeeds("openssl pkey -check -noout -in " + key));
  EXPECT_TRUE(Succeeds("test \"$(openssl pkey -pubout -in " + key +
                       ")\" = \"$(openssl x509 -noout "
                       "-pubkey -in " +
                       leaf + ")\""));
}

TEST(OpensslVerify, TakesSvidsOfTheEmbeddedAuthority) {
  const TempFolder temp;
  const auto authority = OpenEmbedded(OptionsFor(temp), Now());
  ASSERT_TRUE(authority) << authority.error().Text();
  ExpectVerified(temp, **authority);
}

TEST(OpensslVerify, TakesSvidsOfAnOperatorsIntermediate) {
  const TempFolder temp;
  const CaSpec now{.not_before = Now().wall - std::chrono::hours(1),
                   .not_after = Now().wall + std::chrono::hours(48)};
  CaSpec root_spec = now;
  root_spec.key = "RSA-2048";
  root_spec.common_name = "Root";
  const MadeCa root = MakeCa(root_spec);
  for (const std::string key : {"P-256", "P-384", "RSA-2048"}) {
    CaSpec spec = now;
    spec.key = key;
    const MadeCa ca = MakeCa(spec, &root);
    const auto authority =
        OpenFromFiles({.trust_domain = ExampleOrg(),
                       .state_dir = temp.Path("state"),
                       .files = {.cert = temp.Write("ca.pem", ca.CertificatePem()),
                                 .key = temp.Write("ca.key", ca.KeyPem()),
                                 .chain = temp.Write("chain.pem", root.CertificatePem())}},
                      Now());
    ASSERT_TRUE(authority) << authority.error().Text();
    ExpectVerified(temp, **authority);
  }
}

}  // namespace
}  // namespace surety
