#include "agent/identity/path_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace surety {
namespace {

using testing::Optional;

// Not below /tmp, where anyone can make files.
class PathTrustTest : public testing::Test {
 protected:
  PathTrustTest() {
    std::string name = "/run/surety-path-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    ::chmod(folder_.c_str(), 0755);
    std::ofstream(folder_ + "/web") << "x";
    ::chmod((folder_ + "/web").c_str(), 0755);
  }
  ~PathTrustTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(PathTrustTest, FileThatIsRootsAloneIsTrusted) {
  EXPECT_EQ(WhoCanReplace(folder_ + "/web"), std::nullopt);
}

TEST_F(PathTrustTest, OwnerOfAFolderOrOfTheFileCanReplaceIt) {
  ASSERT_EQ(::chown((folder_ + "/web").c_str(), 1001, 0), 0);
  EXPECT_THAT(WhoCanReplace(folder_ + "/web"),
              Optional("\"" + folder_ + "/web\" belongs to uid 1001"));
  ASSERT_EQ(::chown(folder_.c_str(), 1002, 0), 0);
  EXPECT_THAT(WhoCanReplace(folder_ + "/web"), Optional("\"" + folder_ + "\" belongs to uid 1002"));
}

TEST_F(PathTrustTest, SoCanWhoeverCanWriteToIt) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0775), 0);
  EXPECT_EQ(WhoCanReplace(folder_ + "/web"), std::nullopt);
  ASSERT_EQ(::chown(folder_.c_str(), 0, 50), 0);
  EXPECT_THAT(WhoCanReplace(folder_ + "/web"),
              Optional("\"" + folder_ + "\" can be written by the group 50"));
  ASSERT_EQ(::chmod(folder_.c_str(), 01777), 0);
  EXPECT_THAT(WhoCanReplace(folder_ + "/web"),
              Optional("\"" + folder_ + "\" can be written by everyone"));
}

TEST_F(PathTrustTest, WhatIsNotThereIsNotJudged) {
  EXPECT_EQ(WhoCanReplace("/tmp/surety-nothing-here/web"), std::nullopt);
  EXPECT_EQ(WhoCanReplace("relative"), std::nullopt);
  EXPECT_EQ(WhoCanReplace(""), std::nullopt);
}

}  // namespace
}  // namespace surety
