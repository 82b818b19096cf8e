#include "tests/unit/attestors/cgroup_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tests/unit/attestors/child_process.h"

namespace surety::testing {
namespace {

std::string RootOfVersion2() {
  for (const char* root : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (::access((std::string(root) + "/cgroup.procs").c_str(), W_OK) == 0) return root;
  }
  return "/nowhere";
}

}  // namespace

CgroupFolder::CgroupFolder(const std::string& name)
    : name_("/" + name), path_(RootOfVersion2() + name_) {
  there_ = ::mkdir(path_.c_str(), 0755) == 0;
}

CgroupFolder::CgroupFolder(const CgroupFolder& above, const std::string& name, uid_t uid)
    : name_(above.name() + "/" + name), path_(above.path() + "/" + name) {
  const auto maker = Child::Sleeping(
      [&] { return ::setresuid(uid, uid, uid) == 0 && ::mkdir(path_.c_str(), 0755) == 0; });
  there_ = maker.error() == 0;
}

CgroupFolder::~CgroupFolder() {
  if (there_) Eventually([&] { return ::rmdir(path_.c_str()) == 0 || errno != EBUSY; });
}

bool CgroupFolder::TakeIn(pid_t pid) const {
  return WriteFile(path_ + "/cgroup.procs", std::to_string(pid));
}

bool CgroupFolder::GiveTo(uid_t uid) const {
  return ::chown(path_.c_str(), uid, static_cast<gid_t>(-1)) == 0;
}

}  // namespace surety::testing
