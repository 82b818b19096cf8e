#include "agent/issuance/server_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using testing::HasSubstr;

class ServerFilesTest : public testing::Test {
 protected:
  std::string Why() const {
    const auto read = ReadServerFiles({.certificate = certificate_, .key = key_});
    return read ? "" : read.error().Text();
  }
  const TempFolder temp_;
  const MadeCa server_ = MakeCa({});
  const MadeCa other_ = MakeCa({});
  std::string certificate_ =
      temp_.Write("server.pem", server_.CertificatePem() + other_.CertificatePem());
  std::string key_ = temp_.Write("server.key", server_.KeyPem());
};

TEST_F(ServerFilesTest, ReadsChainKeyAndEnd) {
  const auto read = ReadServerFiles({.certificate = certificate_, .key = key_});
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->identity.chain_der, (std::vector{server_.Der(), other_.Der()}));
  EXPECT_EQ(read->not_after, CaSpec{}.not_after);
  const unsigned char* der = read->identity.key_der.Reveal().data();
  const PKeyPtr key(
      d2i_AutoPrivateKey(nullptr, &der, static_cast<long>(read->identity.key_der.Reveal().size())));
  ASSERT_TRUE(key);
  EXPECT_EQ(EVP_PKEY_eq(key.get(), server_.key.get()), 1);
}

TEST_F(ServerFilesTest, RefusesAKeyOfAnotherCertificate) {
  key_ = temp_.Write("other.key", other_.KeyPem());
  EXPECT_THAT(Why(), HasSubstr("other.key is not the key of the first certificate in"));
}

TEST_F(ServerFilesTest, RefusesAKeyThatOthersCanRead) {
  ASSERT_EQ(::chmod(key_.c_str(), 0644), 0);
  EXPECT_THAT(Why(), HasSubstr("is open to other users"));
}

TEST_F(ServerFilesTest, RefusesWhatIsNotThereOrNoPem) {
  certificate_ = temp_.Write("empty.pem", "");
  EXPECT_THAT(Why(), HasSubstr("empty.pem"));
  certificate_ = temp_.Path("absent.pem");
  EXPECT_THAT(Why(), HasSubstr("absent.pem: cannot be read"));
}

}  // namespace
}  // namespace surety
