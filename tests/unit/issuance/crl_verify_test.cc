// What the openssl command and Go's x509, which peers use, say of our CRLs.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "agent/issuance/certificate_view.h"
#include "tests/unit/issuance/crl_publishing.h"
#include "tests/unit/issuance/crl_support.h"

namespace surety {
namespace {

using std::chrono::hours;

bool Succeeds(const std::string& command) { return std::system(command.c_str()) == 0; }

/// A daemon's files in the middle of a rotation: two authorities in the bundle, and
/// an SVID of each revoked.
class CrlVerify : public testing::Test {
 protected:
  CrlVerify() {
    const Moment made{.boot = Start().boot,
                      .wall = std::chrono::system_clock::now() - hours(24 * 5)};
    at_.Restart(made);
    const Moment now{.boot = made.boot + hours(24 * 5), .wall = made.wall + hours(24 * 5)};
    old_ = Leaf("old", at_.Issue(now, hours(1)), now);
    for (const auto wait : {Seconds(0), Seconds(3600)}) {
      at_.Turn({.boot = now.boot + wait, .wall = now.wall});
    }
    bad_ = Leaf("bad", at_.Issue(now), now);
    at_.Turn({.boot = now.boot + Seconds(7200), .wall = now.wall});
    good_ = WritePem("good", at_.Issue(now).chain_der.front());
    std::string roots;
    for (const auto& root : at_.publisher->Bundles()->x509_authorities)
      roots += CertificatePem(root);
    bundle_ = at_.temp.Write("bundle.pem", roots);
  }

  std::string WritePem(const std::string& name, const std::string& der) {
    return at_.temp.Write(name + ".pem", CertificatePem(der));
  }
  std::string Leaf(const std::string& name, const X509Svid& svid, Moment now) {
    at_.revocations.Add(Revoke(svid, now.wall));
    serial_ = svid.serial;
    return WritePem(name, svid.chain_der.front());
  }
  [[nodiscard]] bool OpensslTakes(const std::string& leaf) const {
    return Succeeds("openssl verify -x509_strict -crl_check_all -CRLfile " + at_.options.file +
                    " -CAfile " + bundle_ + " " + leaf + " >/dev/null 2>&1");
  }
  [[nodiscard]] bool GoTakes(const std::string& serial) const {
    return Succeeds("cd " SURETY_SOURCE_DIR
                    " && . scripts/toolchains.sh && cd tests && \"$(find_go)\" run "
                    "-buildvcs=false ./clients/crl " +
                    at_.options.file + " " + bundle_ + " " + serial);
  }

  Publishing at_;
  std::string old_;
  std::string bad_;
  std::string good_;
  std::string serial_;
  std::string bundle_;
};

TEST_F(CrlVerify, OpensslRefusesWhatIsRevokedAndNothingElse) {
  ASSERT_EQ(at_.publisher->Bundles()->crls.size(), 2U);
  EXPECT_TRUE(OpensslTakes(good_));
  EXPECT_FALSE(OpensslTakes(bad_));
  EXPECT_FALSE(OpensslTakes(old_));
}

TEST_F(CrlVerify, OpensslVerifiesEachCrl) {
  int number = 0;
  for (const std::string& der : at_.publisher->Bundles()->crls) {
    const std::string path = at_.temp.Write("crl" + std::to_string(number++) + ".pem", CrlPem(der));
    const std::string verify = "openssl crl -noout -verify -in " + path + " -CAfile ";
    EXPECT_TRUE(Succeeds(verify + bundle_ + " 2>&1 | grep -q 'verify OK'"));
    EXPECT_FALSE(Succeeds(verify + good_ + " 2>&1 | grep -q 'verify OK'"));
  }
}

TEST_F(CrlVerify, GoTakesEachCrl) {
  EXPECT_TRUE(GoTakes(serial_));
  EXPECT_FALSE(GoTakes("1234"));
}

}  // namespace
}  // namespace surety
