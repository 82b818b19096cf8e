#include "tests/unit/issuance/crl_publishing.h"

#include <gtest/gtest.h>

#include "tests/unit/issuance/crl_support.h"

namespace surety {

DiskWrites& Publishing::RealDisk() {
  static DiskWrites disk;
  return disk;
}

Publishing::Publishing(DiskWrites& disk_writes)
    : authority_options(OptionsFor(temp)), disk(disk_writes) {
  options.state_dir = authority_options.state_dir;
  options.file = temp.Path("crl.pem");
}

void Publishing::Restart(Moment now) {
  publisher.reset();
  authority.reset();
  auto opened = OpenEmbedded(authority_options, now);
  ASSERT_TRUE(opened) << opened.error().Text();
  authority = *std::move(opened);
  auto published = CrlPublisher::Open(*authority, revocations, options, disk);
  ASSERT_TRUE(published) << published.error().Text();
  publisher = *std::move(published);
}

CrlProgress Publishing::Turn(Moment now) {
  const AuthorityProgress advanced = authority->Advance(now);
  EXPECT_FALSE(advanced.failure);
  return publisher->Work(now);
}

X509Svid Publishing::Issue(Moment now, Seconds ttl) const {
  auto svid = authority->Issue(EntryFor("spiffe://example.org/web", ttl), now.wall);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

std::string Publishing::CrlOf(const std::string& issuer_key_id) const {
  for (const std::string& crl : publisher->Bundles()->crls) {
    if (IssuerKeyIdOf(*ParseCrl(crl)) == issuer_key_id) return crl;
  }
  ADD_FAILURE() << "no CRL of " << issuer_key_id;
  return {};
}

std::string Publishing::WhyRefused(const X509Svid& svid, Moment at) const {
  const auto bundles = publisher->Bundles();
  return WhyRefusedWithCrls(svid.chain_der, bundles->x509_authorities, bundles->crls, at.wall,
                            /*whole_chain=*/true);
}

}  // namespace surety
