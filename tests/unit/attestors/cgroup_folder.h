#pragma once

#include <sys/types.h>

#include <string>

namespace surety::testing {

/// A cgroup of the test's own, removed at the end, once nothing is in it any more.
class CgroupFolder {
 public:
  /// In the tree of version 2, wherever that is mounted, below its root.
  explicit CgroupFolder(const std::string& name);
  /// Below another one; made by `uid`, who must be allowed to.
  CgroupFolder(const CgroupFolder& above, const std::string& name, uid_t uid = 0);
  CgroupFolder(const CgroupFolder&) = delete;
  CgroupFolder& operator=(const CgroupFolder&) = delete;
  ~CgroupFolder();

  /// False if it could not be made.
  [[nodiscard]] bool there() const { return there_; }
  /// As /proc/PID/cgroup names it.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool TakeIn(pid_t pid) const;
  [[nodiscard]] bool GiveTo(uid_t uid) const;

 private:
  std::string name_;
  std::string path_;
  bool there_ = false;
};

}  // namespace surety::testing
