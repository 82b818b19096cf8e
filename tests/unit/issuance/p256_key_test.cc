#include "agent/issuance/p256_key.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "agent/issuance/der_writer.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

std::string Encoded(const EVP_PKEY& key) {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(&key);
  unsigned char* der = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
  std::string text(AsText({der, static_cast<std::size_t>(length)}));
  OPENSSL_free(der);
  PKCS8_PRIV_KEY_INFO_free(info);
  return text;
}

P256Key Generate() {
  auto key = GenerateP256Key();
  EXPECT_TRUE(key) << key.error().Text();
  return *std::move(key);
}

TEST(P256Key, EncodingIsTheOneOpenSslWrites) {
  for (int i = 0; i < 300; ++i) {
    const P256Key key = Generate();
    const PKeyPtr parsed = ParsePkcs8(key.pkcs8);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(Encoded(*parsed), AsText(key.pkcs8.Reveal()));
  }
}

TEST(P256Key, LoadsWhatItGenerated) {
  const P256Key key = Generate();
  const auto loaded = LoadP256Key(key.pkcs8.Reveal());
  ASSERT_TRUE(loaded) << loaded.error().Text();
  EXPECT_EQ(EVP_PKEY_eq(loaded->get(), ParsePkcs8(key.pkcs8).get()), 1);
  EXPECT_EQ(Encoded(**loaded), AsText(key.pkcs8.Reveal()));
}

TEST(P256Key, LoadsNothingElse) {
  const P256Key key = Generate();
  const std::string good(AsText(key.pkcs8.Reveal()));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(LoadP256Key(AsBytes(changed))) << at;
  }
  EXPECT_FALSE(LoadP256Key(AsBytes(good + "x")));
  EXPECT_FALSE(LoadP256Key(AsBytes(good.substr(1))));
  EXPECT_FALSE(LoadP256Key({}));
}

TEST(P256Key, LoadRefusesAScalarOutOfRange) {
  const P256Key key = Generate();
  constexpr std::size_t kScalarAt = 36;
  for (const char fill : {'\0', '\xff'}) {
    std::string changed(AsText(key.pkcs8.Reveal()));
    changed.replace(kScalarAt, 32, 32, fill);
    EXPECT_FALSE(LoadP256Key(AsBytes(changed)));
  }
}

}  // namespace
}  // namespace surety
