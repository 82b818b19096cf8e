#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "surety/unique_fd.h"
#include "tests/fakes/eventually.h"

namespace surety::testing {

/// A process of the test's own, killed and reaped by the destructor at latest.
/// The functions given run in the child after fork(2): they may only make system
/// calls, and return false, with errno set, to say that they failed.
class Child {
 public:
  using Prepare = std::function<bool()>;

  /// Runs `prepare` and then sleeps. Returns when it sleeps.
  static Child Sleeping(const Prepare& prepare = [] { return true; });
  /// Runs `prepare` and then `program`. Returns when it has been executed.
  static Child Running(
      const std::vector<std::string>& program, const Prepare& prepare = [] { return true; });
  /// As Running, of an open file.
  static Child RunningFile(
      int fd, const std::vector<std::string>& arguments,
      const Prepare& prepare = [] { return true; });
  /// Exits at once and is not reaped before the destructor.
  static Child Zombie();
  /// Sleeps under this very pid (clone3(2), set_tid), which must be free.
  static Child SleepingAs(pid_t pid);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child() { KillAndReap(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// 0, or the errno of what failed in the child.
  [[nodiscard]] int error() const { return error_; }

  void KillAndReap();

 private:
  Child() = default;
  static Child Start(pid_t forced_pid, const std::function<bool()>& body);

  pid_t pid_ = -1;
  int error_ = 0;
};

/// For use in a Child's `prepare`: forks, and the new process runs `prepare` and
/// sleeps. It dies with its parent. False, with errno set, if it failed.
bool ForkBelow(const Child::Prepare& prepare = [] { return true; });
/// The same, of one that lives on; whoever forks it kills it by its pid.
bool ForkOrphan(const Child::Prepare& prepare = [] { return true; });

/// The pid of the only child of a process, which may not be there yet; 0 if none comes.
pid_t OnlyChildOf(pid_t pid);

/// No groups, and these ids.
bool BecomeUser(uid_t uid);

/// A new empty folder under /tmp, removed with all that is in it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Copies /bin/sleep, as an executable to play with. False on failure.
bool CopySleep(const std::string& to);

bool WriteFile(const std::string& path, const std::string& contents);

using fakes::Eventually;

}  // namespace surety::testing
