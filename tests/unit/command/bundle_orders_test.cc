#include "agent/command/bundle_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "agent/issuance/certificate_view.h"
#include "tests/fakes/fake_admin_client.h"
#include "tests/unit/command/made_identity.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

class BundleOrders : public testing::Test {
 protected:
  static TrustDomain Partner() { return *TrustDomain::Parse("partner.example"); }
  Result<std::string> Set(const std::string& typed) {
    std::istringstream in(typed);
    std::ostringstream out;
    const auto set =
        SetBundle({.trust_domain = Partner(), .file = "-", .admin = admin_}, client_, in, out);
    if (!set) return set.error();
    return out.str();
  }
  std::string Listed() {
    std::ostringstream out;
    EXPECT_TRUE(ListBundles({.admin = admin_}, client_, out));
    return out.str();
  }

  FakeAdminClient client_{DaemonStatus()};
  AdminFlags admin_;
};

TEST_F(BundleOrders, ListIsATableForPeopleAndJsonForPrograms) {
  EXPECT_EQ(Listed(), "No bundle of another trust domain is held.\n");
  client_.held_bundles = {{.trust_domain = "partner.example",
                           .x509_authorities = 2,
                           .jwt_keys = 1,
                           .sequence = 7,
                           .refresh_hint = Seconds(300)},
                          {.trust_domain = "quiet.org", .in_map = true}};
  EXPECT_EQ(Listed(),
            "TRUST DOMAIN              X.509  JWT  SEQUENCE  REFRESH\n"
            "spiffe://partner.example  2      1    7         5m\n"
            "spiffe://quiet.org        0      0    -         bundle map\n");
  admin_.output = OutputFormat::kJson;
  EXPECT_THAT(Listed(), HasSubstr("\"spiffe_sequence\": 7"));
}

TEST_F(BundleOrders, SetSendsTheDocumentAndTellsTheWarnings) {
  client_.set_outcome = {.changed = true, .warnings = {"keys[0] is \x1b[2Jodd"}};
  const auto told = Set(R"({"keys":[]})");
  ASSERT_TRUE(told);
  EXPECT_EQ(client_.last_bundle, "partner.example");
  EXPECT_EQ(client_.last_document, R"({"keys":[]})");
  EXPECT_EQ(*told, "Set: spiffe://partner.example\nNote: keys[0] is \\x1b[2Jodd\n");
  admin_.output = OutputFormat::kJson;
  EXPECT_THAT(*Set("{}"), HasSubstr("\"changed\": true"));
}

TEST_F(BundleOrders, SetTakesPemForCertificatesAndNamesTheFileThatHasOthers) {
  const auto told = Set("\nNot a CA:\n" + CertificatePem(MakeIdentity().certificate_der));
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().Text(), "-: certificate 1 is not that of a CA");
  EXPECT_EQ(client_.last_bundle, "");
}

TEST_F(BundleOrders, SetRefusesWhatIsTooLargeBeforeItAsks) {
  const auto told = Set(std::string(60'001, ' '));
  ASSERT_FALSE(told);
  EXPECT_THAT(told.error().Text(), HasSubstr("60000 bytes"));
  EXPECT_EQ(client_.last_bundle, "");
}

TEST_F(BundleOrders, DeleteSaysWhatItMeans) {
  std::ostringstream out;
  ASSERT_TRUE(DeleteBundle({.trust_domain = Partner(), .admin = admin_}, client_, out));
  EXPECT_THAT(out.str(), HasSubstr("nothing of spiffe://partner.example is trusted"));
  client_.deleted = Error(ErrorCode::kNotFound, "there is no bundle of spiffe://partner.example");
  const auto again = DeleteBundle({.trust_domain = Partner(), .admin = admin_}, client_, out);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().Text(), HasSubstr("there is no bundle"));
}

}  // namespace
}  // namespace surety
