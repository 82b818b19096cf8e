#include "workload_api/pem_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace surety {
namespace {

std::string PemOf(const std::string& bytes) {
  const std::vector<std::uint8_t> der(bytes.begin(), bytes.end());
  std::string text;
  AppendPem("X", der, text);
  EXPECT_EQ(text.size(), PemSize("X", der.size())) << "no byte may be moved while it grows";
  return text;
}

TEST(PemTextTest, EncodesAsRfc4648Shows) {
  for (const auto& [plain, encoded] :
       std::vector<std::pair<std::string, std::string>>{{"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"},
                                                        {"\xff\xfe\xfd", "//79"}})
    EXPECT_EQ(PemOf(plain), "-----BEGIN X-----\n" + encoded + "\n-----END X-----\n");
}

TEST(PemTextTest, LinesHave64Characters) {
  EXPECT_EQ(PemOf(""), "-----BEGIN X-----\n-----END X-----\n");
  EXPECT_EQ(PemOf(std::string(48, '\0')),
            "-----BEGIN X-----\n" + std::string(64, 'A') + "\n-----END X-----\n");
  EXPECT_EQ(PemOf(std::string(49, '\0')),
            "-----BEGIN X-----\n" + std::string(64, 'A') + "\nAA==\n-----END X-----\n");
}

}  // namespace
}  // namespace surety
