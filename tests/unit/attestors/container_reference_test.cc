#include "attestors/container_reference.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

const std::string kId(64, 'a');
const std::string kOther(64, 'b');

Result<CgroupMakers> AllOfRoots(const CgroupLine& line) {
  return CgroupMakers{line.path, line.path};
}

// Root made the path down to `root`, a user what follows.
CgroupMakersOf Given(const std::string& root, uid_t user) {
  return [root, user](const CgroupLine& line) -> Result<CgroupMakers> {
    if (!line.path.starts_with(root)) return CgroupMakers{};
    return CgroupMakers{line.path.substr(0, root.size()), line.path, user};
  };
}

// "maker engine-number controllers cgroup pod", or "none".
std::string Find(const std::string& text, const CgroupMakersOf& makers = AllOfRoots) {
  const auto found = FindContainerReference(*ParseCgroups(text), makers);
  if (!found) return "error: " + std::string(NameOf(found.error().code()));
  if (!*found) return "none";
  const ContainerReference& one = **found;
  EXPECT_TRUE(one.cgroup.find(one.id) != std::string::npos);
  return std::to_string(one.maker) + " " + std::to_string(static_cast<int>(one.engine)) + " " +
         one.controllers + " " + one.cgroup + " " + one.pod_uid;
}

TEST(FindContainerReference, EndsAtTheNameOfTheContainer) {
  EXPECT_EQ(Find("0::/docker/" + kId + "/init/x\n"), "0 1  /docker/" + kId + " ");
  EXPECT_EQ(Find("0::/machine.slice/libpod-" + kId + ".scope/container\n"),
            "0 2  /machine.slice/libpod-" + kId + ".scope ");
  EXPECT_EQ(Find("0::/system.slice/web.service\n"), "none");
}

TEST(FindContainerReference, TellsThePod) {
  EXPECT_EQ(Find("0::/kubepods/besteffort/pod12-ab/" + kId + "\n"),
            "0 0  /kubepods/besteffort/pod12-ab/" + kId + " 12-ab");
}

TEST(FindContainerReference, UnifiedTreeComesFirstThenNamedOnes) {
  EXPECT_EQ(Find("4:memory:/docker/" + kOther + "\n0::/docker/" + kId + "\n"),
            "0 1  /docker/" + kId + " ");
  EXPECT_EQ(Find("4:memory:/docker/" + kOther + "\n1:name=systemd:/docker/" + kId + "\n0::/\n"),
            "0 1 name=systemd /docker/" + kId + " ");
  EXPECT_EQ(Find("4:memory:/docker/" + kOther + "\n0::/\n"), "0 1 memory /docker/" + kOther + " ");
}

TEST(FindContainerReference, WhatAUserMadeCarriesHisName) {
  const std::string manager = "/user.slice/user-1000.slice/user@1000.service";
  EXPECT_EQ(Find("0::" + manager + "/docker-" + kId + ".scope\n", Given(manager, 1000)),
            "1000 1  " + manager + "/docker-" + kId + ".scope ");
  // Nobody in particular: anybody can have made it.
  EXPECT_EQ(Find("0::" + manager + "/docker-" + kId + ".scope\n",
                 [&](const CgroupLine&) -> Result<CgroupMakers> {
                   return CgroupMakers{manager, manager};
                 }),
            "none");
}

TEST(FindContainerReference, WhatRootMadeAnywhereGoesFirst) {
  const std::string outer = "/docker/" + kId;
  EXPECT_EQ(Find("0::" + outer + "/docker/" + kOther + "\n", Given(outer, 1000)),
            "0 1  " + outer + " ");
  EXPECT_EQ(Find("1:name=systemd:" + outer + "\n0::/jobs/docker/" + kOther + "\n",
                 [&](const CgroupLine& line) -> Result<CgroupMakers> {
                   if (line.controllers.empty()) return CgroupMakers{"/jobs", line.path, 1000};
                   return CgroupMakers{line.path, line.path};
                 }),
            "0 1 name=systemd " + outer + " ");
}

TEST(FindContainerReference, CannotBeKnownFromAnotherCgroupNamespace) {
  EXPECT_EQ(Find("0::/../../docker/" + kId + "\n"), "error: not_found");
  EXPECT_EQ(Find("0::/..\n"), "error: not_found");
  // Of a container, all reads as "/" to itself; rootless ones on version 1 are in none.
  EXPECT_EQ(Find("1:name=systemd:/user.slice/session-1.scope\n0::/\n"), "none");
}

TEST(FindContainerReference, FailureIsPassedOnAndNobodyAsksWithoutAName) {
  const auto fails = [](const CgroupLine&) -> Result<CgroupMakers> {
    return Error(ErrorCode::kUnavailable, "gone");
  };
  EXPECT_EQ(Find("0::/docker/" + kId + "\n", fails), "error: unavailable");
  EXPECT_EQ(Find("0::/system.slice/web.service\n", fails), "none");
}

TEST(ReadContainerReference, LooksAgainWhereTheCgroupWasRemovedMeanwhile) {
  FakeProcess process;
  process.SetFile("cgroup", "0::/docker/" + kId + "\n");
  int asked = 0;
  const auto found = ReadContainerReference(process, [&](const CgroupLine& line) {
    if (++asked == 1) return Result<CgroupMakers>(Error(ErrorCode::kUnavailable, "gone"));
    return AllOfRoots(line);
  });
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->id, kId);
}

TEST(ReadContainerReference, NoAnswerForADeadProcessOrABrokenFile) {
  FakeProcess process;
  process.SetFile("cgroup", std::string("nonsense"));
  EXPECT_EQ(ReadContainerReference(process, AllOfRoots).error().code(),
            ErrorCode::kInvalidArgument);
  process.Exit();
  EXPECT_EQ(ReadContainerReference(process, AllOfRoots).error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
