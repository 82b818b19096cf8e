#include "attestors/proc_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string StatOf(const std::string& name) {
  // Field 22, the start time, is 777.
  return "42 (" + name +
         ") S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 777 1000 200 18446744073709551615 1 "
         "1 0 0\n";
}

TEST(ParseStartTicks, ReadsField22) {
  const auto ticks = ParseStartTicks(StatOf("web"));
  ASSERT_TRUE(ticks);
  EXPECT_EQ(*ticks, 777U);
}

TEST(ParseStartTicks, NameCannotShiftTheFields) {
  for (const char* name :
       {") S 1 1 1", "a b", "x\n42 (y) R", "(((", ")))", "", ") (", "\xff\x01"}) {
    const auto ticks = ParseStartTicks(StatOf(name));
    ASSERT_TRUE(ticks) << name;
    EXPECT_EQ(*ticks, 777U) << name;
  }
}

TEST(ParseStartTicks, RefusesWhatIsCutShort) {
  const std::string whole = StatOf("web");
  for (std::size_t length = 0; length < whole.find("777"); ++length)
    EXPECT_FALSE(ParseStartTicks(whole.substr(0, length))) << length;
  EXPECT_FALSE(ParseStartTicks("42 (web) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x\n"));
}

constexpr char kStatus[] =
    "Name:\tweb\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nPid:\t42\nPPid:\t1\nTracerPid:\t7\n"
    "Uid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\nGroups:\t24 25 4294967294 \n"
    "CapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t0\n";

std::string StatusWith(const std::string& from, const std::string& to) {
  std::string text = kStatus;
  return text.replace(text.find(from), from.size(), to);
}

TEST(ParseStatus, ReadsEffectiveIdsAndFlags) {
  const auto status = ParseStatus(kStatus);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->uid, 1001U);
  EXPECT_EQ(status->gid, 2001U);
  EXPECT_THAT(status->groups, ElementsAre(24U, 25U, 4294967294U));
  EXPECT_EQ(status->cap_effective, 0x1ffffffffffU);
  EXPECT_EQ(status->tracer, 7);
  EXPECT_TRUE(status->no_new_privs);
}

TEST(ParseStatus, NoGroupsIsNotAnError) {
  const auto status = ParseStatus(StatusWith("24 25 4294967294 ", ""));
  ASSERT_TRUE(status);
  EXPECT_THAT(status->groups, IsEmpty());
}

TEST(ParseStatus, MissingLineIsAnErrorThatNamesIt) {
  for (const char* line : {"TracerPid", "Uid", "Gid", "Groups", "CapEff", "NoNewPrivs"}) {
    const auto status = ParseStatus(StatusWith(std::string(line) + ":", "Other:"));
    ASSERT_FALSE(status) << line;
    EXPECT_THAT(status.error().Text(), HasSubstr(line));
  }
}

TEST(ParseStatus, SecondLineOfTheSameNameIsAnError) {
  EXPECT_FALSE(ParseStatus(std::string(kStatus) + "Uid:\t0\t0\t0\t0\n"));
}

TEST(ParseStatus, RefusesValuesOutOfRange) {
  EXPECT_FALSE(ParseStatus(StatusWith("1001", "4294967296")));
  EXPECT_FALSE(ParseStatus(StatusWith("1001", "-1")));
  EXPECT_FALSE(ParseStatus(StatusWith("1001", "1001x")));
  EXPECT_FALSE(ParseStatus(StatusWith("24 25", "24 x25")));
  EXPECT_FALSE(ParseStatus(StatusWith("000001ffffffffff", "1ffffffffffffffff")));
  EXPECT_FALSE(ParseStatus(StatusWith("NoNewPrivs:\t1", "NoNewPrivs:\t2")));
}

TEST(ParseCgroups, ReadsBothVersions) {
  const auto lines = ParseCgroups("12:cpu,cpuacct:/jobs\n1:name=systemd:/a/b\n0::/web.service\n");
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, ElementsAre(CgroupLine{12, "cpu,cpuacct", "/jobs"},
                                  CgroupLine{1, "name=systemd", "/a/b"},
                                  CgroupLine{0, "", "/web.service"}));
}

TEST(ParseCgroups, PathKeepsColonsAndOddBytes) {
  const auto lines = ParseCgroups("0::/a:b::/\xff \x01(deleted)\n");
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, ElementsAre(CgroupLine{0, "", "/a:b::/\xff \x01(deleted)"}));
}

TEST(ParseCgroups, RefusesLinesOfAnotherForm) {
  for (const char* text : {"x::/a\n", "0:/a\n", "0::a\n", "0::\n", "\n", "-1::/\n"})
    EXPECT_FALSE(ParseCgroups(text)) << text;
}

constexpr char kMounts[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "30 22 0:40 / /mnt/a\\040-\\040b rw shared:5 master:1 - fuse.sshfs me@host:/x rw,user_id=0\n"
    "31 22 8:1 / / rw - ext4 /dev/sda1 rw\n";

TEST(FindMountType, FindsTheTypeBehindOptionalFields) {
  EXPECT_EQ(*FindMountType(kMounts, 22), "proc");
  EXPECT_EQ(*FindMountType(kMounts, 30), "fuse.sshfs");
  EXPECT_EQ(*FindMountType(kMounts, 31), "ext4");
  EXPECT_EQ(*FindMountType(kMounts, 3), std::nullopt);
}

TEST(FindMountType, RefusesLinesOfAnotherForm) {
  EXPECT_FALSE(FindMountType("x 22 0:40 / / rw - ext4 a rw\n", 1));
  EXPECT_FALSE(FindMountType("1 22 0:40 / / rw ext4\n", 1));
  EXPECT_FALSE(FindMountType("1 22 0:40 / / rw -\n", 1));
}

TEST(ParseNamespaceLink, ReadsTheInodeOfItsKindOnly) {
  EXPECT_EQ(*ParseNamespaceLink("mnt:[4026531840]", "mnt"), 4026531840U);
  for (const char* link :
       {"net:[1]", "mnt:[]", "mnt:[x]", "mnt:[1", "mnt:1]", "mnt", "", "/mnt:[1]"})
    EXPECT_FALSE(ParseNamespaceLink(link, "mnt")) << link;
}

std::string StatWith(const std::string& name, const std::string& parent = "7",
                     const std::string& session = "5") {
  return "42 (" + name + ") S " + parent + " 42 " + session +
         " 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 777 1000 200 1 1 1\n";
}

TEST(ParseStat, ReadsParentSessionStartAndName) {
  const std::string stat = StatWith("web");
  EXPECT_EQ(*ParseStat(stat), (ProcessStat{"web", 7, 5, 777}));
}

// As the kernel wrote it for a process whose first thread had ended.
TEST(ParseStat, TellsWhoHasBegunToExit) {
  const auto parts =
      ParseStat("42 (web) Z 7 42 5 0 -1 4228172 62 0 0 0 0 0 0 0 20 0 2 0 777 0 0 1 0 0\n");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->exiting);
}

TEST(ParseStat, NameShiftsNothing) {
  for (const std::string name : {"", "a b", ") R 1 1 1", "((", "a\n) S 0 0 0 ("}) {
    const std::string stat = StatWith(name);
    const auto parts = ParseStat(stat);
    ASSERT_TRUE(parts) << name;
    EXPECT_EQ(*parts, (ProcessStat{name, 7, 5, 777}));
  }
}

TEST(ParseStat, NonsenseIsAnError) {
  for (const std::string& stat :
       {std::string(), std::string("42"), std::string("42 (a"), std::string(") S ("),
        StatWith("a", "-1"), StatWith("a", "x"), StatWith("a", "7", "x"),
        StatWith("a", "99999999999"), std::string("42 (a) S 1 2 3")})
    EXPECT_EQ(ParseStat(stat).error().code(), ErrorCode::kInvalidArgument) << stat;
}

TEST(ParseSessionId, NoneIsTheLargestNumber) {
  EXPECT_EQ(*ParseSessionId("4294967295"), std::nullopt);
  EXPECT_EQ(*ParseSessionId("12"), 12U);
  EXPECT_EQ(*ParseSessionId("0\n"), 0U);
  for (const char* text : {"", "-1", "4294967296", "1 2", "x"})
    EXPECT_EQ(ParseSessionId(text).error().code(), ErrorCode::kInvalidArgument) << text;
}

TEST(ParseStatus, TellsRealFromEffectiveUid) {
  const auto status = ParseStatus(
      "TracerPid:\t9\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t\nCapEff:\t0\n"
      "NoNewPrivs:\t0\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->real_uid, 1U);
  EXPECT_EQ(status->uid, 2U);
  EXPECT_EQ(status->gid, 6U);
  EXPECT_EQ(status->tracer, 9);
}

}  // namespace
}  // namespace surety
