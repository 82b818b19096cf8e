#include "attestors/cgroup_owner.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

const std::string kId(64, 'a');
const std::string kOther(64, 'b');

std::vector<CgroupLine> Lines(std::string_view text) { return *ParseCgroups(text); }

Result<std::string_view> All(const CgroupLine& line) { return line.path; }

// Everything down to `part` is root's; of other paths, nothing.
RootMadePart Down(const std::string& part) {
  return [part](const CgroupLine& line) -> Result<std::string_view> {
    return line.path.starts_with(part) ? line.path.substr(0, part.size()) : std::string_view();
  };
}

std::string OwnerOf(const std::string& text, const RootMadePart& root_made = All) {
  const auto owner = FindCgroupOwner(Lines(text), root_made);
  if (!owner) return "error: " + owner.error().Text();
  return *owner ? (*owner)->id : "none";
}

TEST(FindUnit, EndsAtTheInnermostServiceOrScope) {
  EXPECT_EQ(FindUnit("/system.slice/web.service"), "/system.slice/web.service");
  EXPECT_EQ(FindUnit("/system.slice/web.service/worker"), "/system.slice/web.service");
  EXPECT_EQ(FindUnit("/user.slice/user-1.slice/session-2.scope"),
            "/user.slice/user-1.slice/session-2.scope");
  EXPECT_EQ(FindUnit("/a.service/b.service/c"), "/a.service/b.service");
  for (const char* path : {"/", "", "nothing", "/system.slice", "/web.services/x"})
    EXPECT_EQ(FindUnit(path), "") << path;
}

TEST(FindCgroupOwner, ContainerComesBeforeUnitAndCgroup) {
  EXPECT_EQ(OwnerOf("0::/system.slice/docker-" + kId + ".scope\n"), "container:" + kId);
  EXPECT_EQ(OwnerOf("4:memory:/docker/" + kId + "\n0::/system.slice/docker.service\n"),
            "container:" + kId);
  EXPECT_EQ(FindCgroupOwner(Lines("0::/docker/" + kId + "\n"), All).operator*()->kind,
            LineageKind::kContainer);
}

// As seen of docker on cgroup v2: the lines of version 1 show dockerd's own groups.
TEST(FindCgroupOwner, UnifiedTreeComesFirst) {
  EXPECT_EQ(OwnerOf("4:memory:/docker/" + kOther + "\n1:name=systemd:/docker/" + kOther +
                    "\n0::/docker/" + kId + "\n"),
            "container:" + kId);
  EXPECT_EQ(OwnerOf("4:memory:/docker/" + kOther + "\n1:name=systemd:/docker/" + kId + "\n0::/\n"),
            "container:" + kId);
}

TEST(FindCgroupOwner, UnitOfEitherTree) {
  EXPECT_EQ(OwnerOf("0::/system.slice/web.service/worker\n"), "unit:/system.slice/web.service");
  EXPECT_EQ(OwnerOf("1:name=systemd:/system.slice/web.service\n0::/\n"),
            "unit:/system.slice/web.service");
}

TEST(FindCgroupOwner, AnotherCgroupIsNamedWithItsTree) {
  EXPECT_EQ(OwnerOf("0::/jobs/1\n"), "cgroup:/jobs/1");
  EXPECT_EQ(OwnerOf("1:name=openrc:/sshd\n0::/\n"), "cgroup:name=openrc:/sshd");
}

TEST(FindCgroupOwner, GroupOfAControllerIsNoLineageUnlessAContainer) {
  EXPECT_EQ(OwnerOf("4:memory:/jobs\n3:cpu,cpuacct:/web.service\n0::/\n"), "none");
}

TEST(FindCgroupOwner, RootCgroupAndWhatIsOutOfReachAreNone) {
  EXPECT_EQ(OwnerOf("0::/\n"), "none");
  EXPECT_EQ(OwnerOf("0::/../..\n", Down("")), "none");
  EXPECT_EQ(OwnerOf("", All), "none");
}

TEST(FindCgroupOwner, NamesThatAUserMadeCountForNothing) {
  const std::string manager = "/user.slice/user-1000.slice/user@1000.service";
  EXPECT_EQ(OwnerOf("0::" + manager + "/app.slice/evil.service\n", Down(manager)),
            "unit:" + manager);
  EXPECT_EQ(OwnerOf("0::" + manager + "/docker/" + kId + "\n", Down(manager)), "unit:" + manager);
  EXPECT_EQ(OwnerOf("0::/jobs/bob/docker/" + kId + "/x.service\n", Down("/jobs/bob")),
            "cgroup:/jobs/bob");
  EXPECT_EQ(OwnerOf("0::/docker/" + kId + "\n", Down("")), "none");
}

TEST(FindCgroupOwner, ForgedContainerInOneTreeDoesNotHideATrueOneInAnother) {
  const auto systemds = [](const CgroupLine& line) -> Result<std::string_view> {
    return line.controllers == "name=systemd" ? line.path : line.path.substr(0, 5);
  };
  EXPECT_EQ(
      OwnerOf("1:name=systemd:/docker/" + kId + "\n0::/jobs/docker/" + kOther + "\n", systemds),
      "container:" + kId);
}

TEST(FindCgroupOwner, OddBytesAreEscaped) {
  EXPECT_EQ(OwnerOf("0::/a\x01\xff.service\n"), "unit:/a\\x01\\xff.service");
}

TEST(FindCgroupOwner, FailureIsPassedOn) {
  const auto fails = [](const CgroupLine&) -> Result<std::string_view> {
    return Error(ErrorCode::kUnavailable, "gone");
  };
  EXPECT_EQ(OwnerOf("0::/web.service\n", fails), "error: gone");
  // Nothing to ask about.
  EXPECT_EQ(OwnerOf("4:memory:/jobs\n0::/\n", fails), "none");
}

}  // namespace
}  // namespace surety
