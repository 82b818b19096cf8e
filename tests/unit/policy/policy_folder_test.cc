#include "agent/policy/policy_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/policy/policy_files.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PolicyFolderTest : public ::testing::Test {
 protected:
  PolicyFolder Read() {
    diagnostics_ = {};
    return ReadPolicyFolder(folder_.path(), diagnostics_);
  }
  std::string Said() { return Summary(diagnostics_); }

  PolicyFiles folder_;
  Diagnostics diagnostics_;
};

TEST_F(PolicyFolderTest, HoldsItsCedarFilesByName) {
  folder_.Write("b.cedar", "two");
  folder_.Write("a.cedar", "one");
  folder_.Write(".hidden.cedar", "no");
  folder_.Write("#edited.cedar", "no");
  folder_.Write("README.md", "no");
  folder_.Write("cases.toml", "no");
  folder_.Write("revision.toml", "revision = 7");
  const PolicyFolder read = Read();
  EXPECT_THAT(diagnostics_.items(), IsEmpty());
  ASSERT_THAT(read.texts, SizeIs(2));
  EXPECT_EQ(read.texts[0].text, "one");
  EXPECT_EQ(read.texts[1].file, folder_.path() + "/b.cedar");
  EXPECT_EQ(read.revision, 7);
}

TEST_F(PolicyFolderTest, WarnsOfWhatSomeoneMayThinkIsInForce) {
  folder_.Write("rules.ceder", "x");
  folder_.Write("rules.cedar.off", "x");
  EXPECT_THAT(Read().texts, IsEmpty());
  EXPECT_EQ(diagnostics_.warnings(), 2U);
  EXPECT_FALSE(diagnostics_.has_errors());
}

TEST_F(PolicyFolderTest, RefusesWhatOthersCouldHaveWritten) {
  folder_.Write("a.cedar", "x");
  ::chmod((folder_.path() + "/a.cedar").c_str(), 0664);
  Read();
  EXPECT_THAT(Said(), HasSubstr("can be written by its group"));
  ::chmod((folder_.path() + "/a.cedar").c_str(), 0644);
  ASSERT_EQ(::chown((folder_.path() + "/a.cedar").c_str(), 12345, 0), 0) << "run as root";
  Read();
  EXPECT_THAT(Said(), HasSubstr("belongs to uid 12345"));
  folder_.Write("a.cedar", "x");
  ::chmod(folder_.path().c_str(), 0777);
  Read();
  EXPECT_THAT(Said(), HasSubstr("the folder can be written"));
}

TEST_F(PolicyFolderTest, JudgesWhatALinkLeadsTo) {
  PolicyFiles elsewhere;
  elsewhere.Write("target", "x");
  ::chmod((elsewhere.path() + "/target").c_str(), 0666);
  ASSERT_EQ(
      ::symlink((elsewhere.path() + "/target").c_str(), (folder_.path() + "/l.cedar").c_str()), 0);
  Read();
  EXPECT_THAT(Said(), HasSubstr("by its group or by everyone"));
}

TEST_F(PolicyFolderTest, AMissingFolderIsAnError) {
  ReadPolicyFolder(folder_.path() + "/none", diagnostics_);
  EXPECT_TRUE(diagnostics_.has_errors());
}

TEST_F(PolicyFolderTest, RefusesRevisionsThatAreNone) {
  for (const auto& [text, said] :
       std::vector<std::pair<std::string, std::string>>{{"revision = -1", "below 0"},
                                                        {"revision = \"7\"", "not an integer"},
                                                        {"", "has no revision"},
                                                        {"revision = 7\nother = 1", "unknown key"},
                                                        {"revision = ", "not valid TOML"}}) {
    folder_.Write("revision.toml", text);
    Read();
    EXPECT_THAT(Said(), HasSubstr(said)) << text;
    EXPECT_EQ(diagnostics_.errors(), 1U) << text;
  }
}

TEST_F(PolicyFolderTest, BoundsFilesAndBytes) {
  folder_.Write("a.cedar", std::string(kMaxPolicyFileBytes + 1, ' '));
  Read();
  EXPECT_THAT(Said(), HasSubstr("larger than 1048576"));
  folder_.Write("a.cedar", std::string(100, '('));
  Read();
  EXPECT_THAT(Said(), HasSubstr("nested"));
  folder_.Write("a.cedar", "");
  for (std::size_t i = 0; i < kMaxPolicyFiles; ++i) folder_.Write(std::to_string(i) + ".cedar", "");
  Read();
  EXPECT_THAT(Said(), HasSubstr("more than 200 files"));
}

}  // namespace
}  // namespace surety
