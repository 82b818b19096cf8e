#include "attestors/cgroup_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;

const std::string kHybrid =
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:8 - cgroup2 cgroup2 rw,nsdelegate\n"
    "31 24 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n";

TEST(ParseCgroupMounts, FindsBothVersions) {
  const auto mounts = ParseCgroupMounts(kHybrid);
  ASSERT_TRUE(mounts);
  ASSERT_EQ(mounts->size(), 3U);
  EXPECT_TRUE(mounts->at(0).unified);
  EXPECT_EQ(mounts->at(0).mount_point, "/sys/fs/cgroup/unified");
  EXPECT_FALSE(mounts->at(2).unified);
  EXPECT_THAT(mounts->at(2).options, ElementsAre("rw", "cpu", "cpuacct"));
}

TEST(ParseCgroupMounts, MatchesLinesByTheirFirstController) {
  const auto mounts = *ParseCgroupMounts(kHybrid);
  EXPECT_TRUE(mounts.at(0).Has(""));
  EXPECT_FALSE(mounts.at(0).Has("cpu"));
  EXPECT_TRUE(mounts.at(1).Has("name=systemd"));
  EXPECT_FALSE(mounts.at(1).Has(""));
  EXPECT_TRUE(mounts.at(2).Has("cpu,cpuacct"));
  EXPECT_TRUE(mounts.at(2).Has("cpuacct"));
  EXPECT_FALSE(mounts.at(2).Has("cpuset"));
  EXPECT_FALSE(mounts.at(2).Has("name=cpu"));
}

TEST(ParseCgroupMounts, PartOfATreeIsLeftOut) {
  EXPECT_TRUE(ParseCgroupMounts("1 2 0:3 /web /sys/fs/cgroup rw - cgroup2 none rw\n")->empty());
  EXPECT_TRUE(ParseCgroupMounts("1 2 0:3 /../.. /sys/fs/cgroup rw - cgroup2 none rw\n")->empty());
}

TEST(ParseCgroupMounts, OddMountPointsAreUnescaped) {
  const auto mounts = ParseCgroupMounts("1 2 0:3 / /a\\040b\\134c\\01 rw - cgroup2 none rw\n");
  ASSERT_TRUE(mounts);
  EXPECT_EQ(mounts->front().mount_point, "/a b\\c\\01");
}

TEST(ParseCgroupMounts, NonsenseIsAnError) {
  EXPECT_EQ(ParseCgroupMounts("1 2 0:3 / /a rw\n").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(ParseCgroupMounts("\n").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(ParseCgroupMounts("")->empty());
}

}  // namespace
}  // namespace surety
