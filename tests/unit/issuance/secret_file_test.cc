#include "agent/issuance/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/issuance/der_writer.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(SecretFile, PinIsALineWithoutItsEnd) {
  const TempFolder temp;
  for (const std::string text : {"12 34", "12 34\n", "12 34\r\n"}) {
    const auto pin = ReadPin(temp.Write("pin", text), FileSecrecy::kSecret);
    ASSERT_TRUE(pin) << pin.error().Text();
    EXPECT_EQ(AsText(pin->Reveal()), "12 34");
  }
}

// Of bytes that the random name of the folder never has.
TEST(SecretFile, WhatIsNoPinIsRefusedWithoutBeingTold) {
  const TempFolder temp;
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("##\0", 3), std::string(256, '#')}) {
    const auto pin = ReadPin(temp.Write("pin", text), FileSecrecy::kSecret);
    ASSERT_FALSE(pin);
    EXPECT_THAT(pin.error().Text(), AllOf(HasSubstr(temp.Path("pin")), Not(HasSubstr("#"))));
  }
}

TEST(SecretFile, PinThatOthersCanReadIsRefused) {
  const TempFolder temp;
  const std::string path = temp.Write("pin", "4711");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const auto pin = ReadPin(path, FileSecrecy::kSecret);
  ASSERT_FALSE(pin);
  EXPECT_THAT(pin.error().Text(), AllOf(HasSubstr(path), HasSubstr("chmod 0600")));
}

}  // namespace
}  // namespace surety
