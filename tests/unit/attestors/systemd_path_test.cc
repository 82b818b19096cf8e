#include "attestors/systemd_path.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

std::string UnitIn(std::string_view path) {
  const auto unit = FindUnitCgroup(path);
  return unit ? std::string(unit->path) + " " + unit->name : "";
}

std::string UserUnitIn(std::string_view path) {
  const auto unit = FindUserUnit(path);
  return unit ? std::to_string(unit->uid) + " " + unit->name : "";
}

TEST(SystemdPath, UnitIsTheFirstPartThatIsNoSlice) {
  EXPECT_EQ(UnitIn("/system.slice/web.service"), "/system.slice/web.service web.service");
  EXPECT_EQ(UnitIn("/init.scope"), "/init.scope init.scope");
  EXPECT_EQ(UnitIn("/a.slice/a-b.slice/x@1.service/worker"),
            "/a.slice/a-b.slice/x@1.service x@1.service");
  EXPECT_EQ(UnitIn("/user.slice/user-1000.slice/session-2.scope"),
            "/user.slice/user-1000.slice/session-2.scope session-2.scope");
  EXPECT_EQ(UnitIn("/system.slice/run-x.mount"), "/system.slice/run-x.mount run-x.mount");
}

TEST(SystemdPath, UnitsBelowAUnitAreNotTheHosts) {
  EXPECT_EQ(UnitIn("/machine.slice/box.scope/payload/system.slice/web.service"),
            "/machine.slice/box.scope box.scope");
  EXPECT_EQ(UnitIn("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service"),
            "/user.slice/user-1000.slice/user@1000.service user@1000.service");
}

TEST(SystemdPath, EscapedNameIsUnescaped) {
  EXPECT_EQ(UnitIn("/system.slice/_cgroup.service"),
            "/system.slice/_cgroup.service cgroup.service");
}

TEST(SystemdPath, OtherPathsNameNoUnit) {
  for (const auto* path :
       {"", "/", "/docker/4f5c", "/system.slice", "/system.slice/x.slice", "web.service",
        "/.service", "/system.slice/.scope", "/a b.service", "/jobs/web.service", "//web.service",
        "/web.timer", "/w\xc3\xa9.service", "/_"})
    EXPECT_EQ(UnitIn(path), "") << path;
  EXPECT_NE(UnitIn("/" + std::string(247, 'a') + ".service"), "");
  EXPECT_EQ(UnitIn("/" + std::string(248, 'a') + ".service"), "");
}

TEST(SystemdPath, UserUnitIsBelowAUsersManager) {
  const std::string manager = "/user.slice/user-1000.slice/user@1000.service";
  EXPECT_EQ(UserUnitIn(manager + "/app.slice/app-x.slice/web.service/sub"), "1000 web.service");
  EXPECT_EQ(UserUnitIn(manager + "/init.scope"), "1000 init.scope");
  EXPECT_EQ(UserUnitIn("/user.slice/user-0.slice/user@0.service/app.slice/a.service"),
            "0 a.service");
}

TEST(SystemdPath, NothingElseIsAUserUnit) {
  const std::string slice = "/user.slice/user-1000.slice";
  for (const std::string& path :
       {std::string("/user@1000.service"), slice + "/user@1000.service/app.slice",
        slice + "/session-1.scope/app.slice/web.service", slice + "/user@web.service/a.service",
        slice + "/user@01000.service/a.service", slice + "/user@-1.service/a.service",
        slice + "/user@4294967295.service/a.service", slice + "/user@99999999999.service/a.service",
        slice + "/user@.service/a.service", std::string("/system.slice/web.service/a.service")})
    EXPECT_EQ(UserUnitIn(path), "") << path;
}

}  // namespace
}  // namespace surety
