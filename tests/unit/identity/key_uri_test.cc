#include "agent/identity/key_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace surety {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(KeyUri, NamesAKeyInAToken) {
  const auto uri = ParseKeyUri(
      "pkcs11:token=My%20token;object=ca;type=private?module-path=/usr/lib/m.so&pin-source="
      "file:/run/pin");
  ASSERT_TRUE(uri) << uri.error().Text();
  EXPECT_EQ(uri->kind, KeyUri::Kind::kPkcs11);
  EXPECT_EQ(uri->name, "pkcs11:token=My%20token;object=ca;type=private");
  EXPECT_EQ(uri->module_path, "/usr/lib/m.so");
  EXPECT_EQ(uri->pin_source, "/run/pin");
}

TEST(KeyUri, PinMayBeACredential) {
  EXPECT_EQ(ParseKeyUri("pkcs11:serial=1;id=%01?pin-source=credential:pin")->pin_source,
            "credential:pin");
}

TEST(KeyUri, NamesAKeyInATpm) {
  const auto uri = ParseKeyUri("tpm2:handle=0x81000001");
  ASSERT_TRUE(uri) << uri.error().Text();
  EXPECT_EQ(uri->kind, KeyUri::Kind::kTpm2);
  EXPECT_EQ(uri->handle, 0x81000001U);
  EXPECT_EQ(uri->tcti, "device:/dev/tpmrm0");
  EXPECT_EQ(uri->pin_source, "");
  EXPECT_EQ(ParseKeyUri("tpm2:handle=0x81FFFFFF?tcti=swtpm:host=h%2Cport=5")->tcti,
            "swtpm:host=h,port=5");
}

TEST(KeyUri, PathsAndCredentialsAreNone) {
  for (const std::string text : {"/etc/ca.key", "credential:ca.key", "", "PKCS11:"})
    EXPECT_FALSE(IsKeyUri(text)) << text;
}

TEST(KeyUri, WhatIsWrongIsRefusedWithTheReason) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"pkcs11:", "names no token"},
      {"pkcs11:object=ca", "names no token"},
      {"pkcs11:token=t", "names no key"},
      {"pkcs11:token=t;object=", "has no value"},
      {"pkcs11:token=t;object=a;object=b", "twice"},
      {"pkcs11:token=t;object=a;slot-id=1", "slot-id is not known"},
      {"pkcs11:token=t;object=a;type=cert", "must be private"},
      {"pkcs11:token=t;object=%4", "not percent-encoded"},
      {"pkcs11:token=t;object=%00", "not percent-encoded"},
      {"pkcs11:token=my token;object=a", "space"},
      {"pkcs11:token=t;object=a?module-path=m.so", "not an absolute path"},
      {"pkcs11:token=t;object=a?module-name=m", "not module-name"},
      {"pkcs11:token=t;object=a?tcti=device", "not tcti"},
      {"pkcs11:token=t;object=a?pin-source=|ask", "not an absolute path or a credential"},
      {"tpm2:", "persistent handle"},
      {"tpm2:0x81000001", "has no value"},
      {"tpm2:handle=81000001", "persistent handle"},
      {"tpm2:handle=0x80000001", "persistent handle"},
      {"tpm2:handle=0x82000000", "persistent handle"},
      {"tpm2:handle=0x810000010", "persistent handle"},
      {"tpm2:handle=0x81000001x", "persistent handle"},
      {"tpm2:handle=0x81000001?module-path=/m.so", "not module-path"},
      {"tpm2:handle=0x81000001;handle=0x81000002", "twice"},
      {"pkcs11:token=t;object=" + std::string(2048, 'a'), "longer"},
  };
  for (const auto& [text, says] : cases) {
    const auto uri = ParseKeyUri(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(uri.error().Text(), HasSubstr(says)) << text;
  }
}

TEST(KeyUri, PinInItIsRefusedAndNotRepeated) {
  for (const std::string text :
       {"pkcs11:token=t;object=a?pin-value=4711", "pkcs11:token=t;object=a;pin-value=4711",
        "tpm2:handle=0x81000001?pin-value=4711", "pkcs11:token=t;object=a?pin-source=4711"}) {
    const auto uri = ParseKeyUri(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_THAT(uri.error().Text(), Not(HasSubstr("4711"))) << text;
  }
}

}  // namespace
}  // namespace surety
