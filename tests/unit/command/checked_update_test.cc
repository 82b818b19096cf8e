#include "agent/command/checked_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/command/made_identity.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

std::string RefusalOf(WorkloadUpdate update) {
  const auto checked = CheckUpdate(std::move(update));
  if (checked) return "accepted";
  EXPECT_EQ(checked.error().code(), ErrorCode::kDataLoss);
  return checked.error().Text();
}

// A change to an update that is otherwise good.
template <typename Change>
std::string RefusalAfter(Change change) {
  WorkloadUpdate update = UpdateOf();
  change(update);
  return RefusalOf(std::move(update));
}

TEST(CheckUpdate, AcceptsWhatBelongsTogether) {
  WorkloadUpdate update = UpdateOf();
  update.svids[0].hint = "internal";
  update.svids[0].chain_der += MakeIdentity().certificate_der;
  update.federated_bundles["spiffe://other.org"] = MakeIdentity().certificate_der;
  update.federated_bundles["spiffe://revoked.org"] = "";
  update.crls = {"crl"};
  const auto checked = CheckUpdate(std::move(update));
  ASSERT_TRUE(checked) << checked.error().Text();
  EXPECT_EQ(checked->svids[0].id.Text(), "spiffe://example.org/web");
  EXPECT_EQ(checked->svids[0].hint, "internal");
  EXPECT_EQ(checked->svids[0].chain_der.size(), 2U);
  EXPECT_EQ(checked->svids[0].bundle_der.size(), 1U);
  EXPECT_EQ(checked->federated.at(*TrustDomain::Parse("other.org")).size(), 1U);
  EXPECT_EQ(checked->federated.at(*TrustDomain::Parse("revoked.org")).size(), 0U);
  EXPECT_EQ(checked->crls.size(), 1U);
}

TEST(CheckUpdate, Xp1RefusesAnUpdateWithoutSvids) {
  EXPECT_THAT(RefusalOf({}), HasSubstr("there is no SVID"));
}

TEST(CheckUpdate, Xp2RefusesEmptyFields) {
  EXPECT_THAT(RefusalAfter([](auto& u) { u.svids[0].spiffe_id = ""; }), HasSubstr("SVID \"\""));
  EXPECT_THAT(RefusalAfter([](auto& u) { u.svids[0].chain_der = ""; }), HasSubstr("its chain"));
  EXPECT_THAT(RefusalAfter([](auto& u) { u.svids[0].key_der = SecretBytes(); }),
              HasSubstr("private key"));
  EXPECT_THAT(RefusalAfter([](auto& u) { u.svids[0].bundle_der = ""; }), HasSubstr("its bundle"));
}

TEST(CheckUpdate, Xp3RefusesAnotherIdThanTheCertificates) {
  EXPECT_THAT(RefusalAfter([](auto& u) { u.svids[0].spiffe_id = "spiffe://example.org/admin"; }),
              HasSubstr("its certificate is for \"spiffe://example.org/web\""));
}

TEST(CheckUpdate, Xp3RefusesAnotherKeyThanTheCertificates) {
  EXPECT_THAT(
      RefusalAfter([](auto& u) { u.svids[0].key_der = SecretBytes(MakeIdentity().key_der); }),
      HasSubstr("is not the certificate's"));
}

TEST(CheckUpdate, Xd2RefusesAnIdWithoutAPath) {
  EXPECT_THAT(RefusalOf(UpdateOf({.spiffe_id = "spiffe://example.org"})), HasSubstr("has no path"));
}

TEST(CheckUpdate, Xd1RefusesASecondUri) {
  EXPECT_THAT(RefusalOf(UpdateOf({.more_uris = {"spiffe://example.org/b"}})),
              HasSubstr("its certificate is for \"\""));
}

TEST(CheckUpdate, Xp7RefusesTheOwnTrustDomainAmongTheFederated) {
  EXPECT_THAT(RefusalAfter([](auto& u) {
                u.federated_bundles["spiffe://example.org"] = u.svids[0].bundle_der;
              }),
              HasSubstr("own trust domain"));
}

TEST(CheckUpdate, RefusesFederatedNamesThatAreNoTrustDomains) {
  for (const char* name : {"", "other.org", "spiffe://../../etc/passwd", "spiffe://other.org/path",
                           "spiffe://UPPER.org", "spiffe://a\nb"}) {
    EXPECT_THAT(RefusalAfter([&](auto& u) { u.federated_bundles[name] = ""; }),
                HasSubstr("federated bundle"))
        << name;
  }
}

TEST(CheckUpdate, EscapesHostileTextInItsErrors) {
  const auto refusal = RefusalAfter([](auto& u) { u.svids[0].spiffe_id = "\x1b[2J"; });
  EXPECT_EQ(refusal.find('\x1b'), std::string::npos) << refusal;
}

}  // namespace
}  // namespace surety
