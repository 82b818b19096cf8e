#include "attestors/cgroup_trees.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"

// On this machine's own tree of cgroup version 2. Runs as root.
namespace surety {
namespace {

using testing::CgroupFolder;

class CgroupTreesTest : public ::testing::Test {
 protected:
  std::string RootMade(const std::string& path, std::string_view controllers = "") {
    const auto made = trees_.RootMade({0, controllers, path});
    return made ? std::string(*made) : "error: " + made.error().Text();
  }
  // "what root made, user:what he made".
  std::string MadeBy(const std::string& path) {
    const auto made = trees_.MadeBy({0, "", path});
    if (!made) return "error: " + made.error().Text();
    return std::string(made->by_root) + " " + std::to_string(made->user) + ":" +
           std::string(made->by_user);
  }
  const std::string top_ = "surety-test-" + std::to_string(::getpid());
  const CgroupTrees trees_ = CgroupTrees::OfHost();
};

TEST_F(CgroupTreesTest, WhatRootMadeIsRoots) {
  const CgroupFolder slice(top_);
  const CgroupFolder unit(slice, "web.service");
  const CgroupFolder below(unit, "worker");
  ASSERT_TRUE(below.there());
  EXPECT_EQ(RootMade(below.name()), below.name());
  EXPECT_EQ(RootMade(slice.name()), slice.name());
}

TEST_F(CgroupTreesTest, WhatAUserMadeWhereHeMayIsNot) {
  const CgroupFolder delegated(top_);
  ASSERT_TRUE(delegated.GiveTo(1001));
  const CgroupFolder made(delegated, "docker", 1001);
  const CgroupFolder deeper(made, "x.service", 1001);
  ASSERT_TRUE(deeper.there());
  // Root gave the upper one away, but made its name.
  EXPECT_EQ(RootMade(deeper.name()), delegated.name());
  EXPECT_EQ(RootMade(made.name()), delegated.name());
  EXPECT_EQ(RootMade(delegated.name()), delegated.name());
}

TEST_F(CgroupTreesTest, WhatRootMadeBelowAUsersIsNotEither) {
  const CgroupFolder delegated(top_);
  const CgroupFolder below(delegated, "web.service");
  ASSERT_TRUE(delegated.GiveTo(1001));
  // Its owner could have put it there as well.
  EXPECT_EQ(RootMade(below.name()), delegated.name());
}

TEST_F(CgroupTreesTest, FolderThatOthersCanWriteToMakesNoNamesOfRoots) {
  const CgroupFolder open(top_);
  const CgroupFolder below(open, "web.service");
  for (const mode_t mode : {0775U, 0757U}) {
    ASSERT_EQ(::chmod(open.path().c_str(), mode), 0);
    EXPECT_EQ(RootMade(below.name()), open.name());
  }
  ASSERT_EQ(::chmod(open.path().c_str(), 0755), 0);
  EXPECT_EQ(RootMade(below.name()), below.name());
}

TEST_F(CgroupTreesTest, RootCgroupAndWhatIsOutOfReachAreNothing) {
  EXPECT_EQ(RootMade("/"), "");
  EXPECT_EQ(RootMade("/.."), "");
  EXPECT_EQ(RootMade("/../.."), "");
  EXPECT_EQ(RootMade("/../../etc"), "");
}

TEST_F(CgroupTreesTest, CgroupThatIsGoneCouldNotBeLookedAt) {
  const auto made = trees_.RootMade({0, "", "/" + top_ + "/below"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kUnavailable);
}

TEST_F(CgroupTreesTest, TreeThatIsNotMountedHasNothingOfRoots) {
  EXPECT_EQ(RootMade("/web", "name=no such tree"), "");
  EXPECT_EQ(*CgroupTrees({}).RootMade({0, "", "/web"}), "");
}

TEST_F(CgroupTreesTest, FolderThatIsNoCgroupFileSystemIsLeftOut) {
  const testing::Folder folder;
  ASSERT_EQ(::mkdir(folder.File("web").c_str(), 0755), 0);
  const CgroupTrees trees({{folder.path(), true, {}}});
  EXPECT_EQ(*trees.RootMade({0, "", "/web/below"}), "");
}

TEST_F(CgroupTreesTest, WhatOneUserMadeIsHis) {
  const CgroupFolder manager(top_);
  ASSERT_TRUE(manager.GiveTo(1001));
  const CgroupFolder made(manager, "docker", 1001);
  const CgroupFolder deeper(made, "x", 1001);
  EXPECT_EQ(MadeBy(deeper.name()), manager.name() + " 1001:" + deeper.name());
  EXPECT_EQ(MadeBy(manager.name()), manager.name() + " 0:" + manager.name());
}

TEST_F(CgroupTreesTest, WhatTwoUsersCanHaveMadeIsNeithers) {
  const CgroupFolder manager(top_);
  const CgroupFolder made(manager, "given-on");
  const CgroupFolder deeper(made, "x");
  ASSERT_TRUE(manager.GiveTo(1001));
  ASSERT_TRUE(made.GiveTo(1002));
  EXPECT_EQ(MadeBy(deeper.name()), manager.name() + " 1001:" + made.name());
  ASSERT_EQ(::chmod(manager.path().c_str(), 0777), 0);
  EXPECT_EQ(MadeBy(deeper.name()), manager.name() + " 0:" + manager.name());
}

TEST_F(CgroupTreesTest, NamedTreeOfVersion1) {
  const std::string path = "/sys/fs/cgroup/systemd/" + top_;
  if (::mkdir(path.c_str(), 0755) != 0) return;  // This host has no version 1.
  EXPECT_EQ(RootMade("/" + top_, "name=systemd"), "/" + top_);
  ASSERT_EQ(::rmdir(path.c_str()), 0);
}

}  // namespace
}  // namespace surety
