#include "agent/policy/policy_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/policy/policy_files.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

class PolicyMemoryTest : public ::testing::Test {
 protected:
  PolicyFiles folder_;
  const std::string path_ = folder_ / "policy.json";
  const PolicyMemory some_{.highest_revision = 7,
                           .mode = PolicyMode::kEnforce,
                           .enforced = {{"a", Response::kRevoke}, {"b", Response::kAlert}}};
};

TEST_F(PolicyMemoryTest, NothingIsRememberedAtFirst) {
  const auto read = ReadPolicyMemory(path_);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, PolicyMemory{});
}

TEST_F(PolicyMemoryTest, IsReadAsItWasWritten) {
  for (const PolicyMemory& memory :
       {some_, PolicyMemory{}, PolicyMemory{{}, PolicyMode::kMonitor, {}}}) {
    ASSERT_TRUE(WritePolicyMemory(path_, memory));
    EXPECT_EQ(*ReadPolicyMemory(path_), memory);
  }
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".next"));
}

TEST_F(PolicyMemoryTest, ADeathInBetweenLeavesTheOldOne) {
  ASSERT_TRUE(WritePolicyMemory(path_, some_));
  folder_.Write("policy.json.next", "{\"form");
  EXPECT_EQ(*ReadPolicyMemory(path_), some_);
  EXPECT_TRUE(WritePolicyMemory(path_, some_));
}

TEST_F(PolicyMemoryTest, DamageIsToldAndNotForgotten) {
  for (const std::string text :
       {"", "{", "[]", "{\"format\":2,\"enforced\":{}}", "{\"format\":1}",
        "{\"format\":1,\"enforced\":{\"a\":\"kill\"}}", "{\"format\":1,\"enforced\":{\"a\":1}}",
        "{\"format\":1,\"enforced\":{},\"revision\":\"7\"}"}) {
    folder_.Write("policy.json", text);
    const auto read = ReadPolicyMemory(path_);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::kDataLoss) << text;
  }
}

TEST_F(PolicyMemoryTest, WhatOthersCouldHaveWrittenIsNotBelieved) {
  ASSERT_TRUE(WritePolicyMemory(path_, some_));
  ::chmod(path_.c_str(), 0666);
  EXPECT_EQ(ReadPolicyMemory(path_).error().code(), ErrorCode::kPermissionDenied);
}

TEST_F(PolicyMemoryTest, WhatCannotBeWrittenIsTold) {
  const auto written = WritePolicyMemory(folder_ / "none/policy.json", some_);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().Text(), HasSubstr("none/policy.json"));
}

TEST_F(PolicyMemoryTest, ALinkInTheWayIsNotFollowed) {
  folder_.Write("target", "precious");
  ASSERT_EQ(::symlink((folder_ / "target").c_str(), (path_ + ".next").c_str()), 0);
  EXPECT_TRUE(WritePolicyMemory(path_, some_));
  EXPECT_EQ(std::filesystem::file_size(folder_ / "target"), 8U);
}

}  // namespace
}  // namespace surety
