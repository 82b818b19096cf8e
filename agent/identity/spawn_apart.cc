#include "agent/identity/spawn_apart.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

/// What posix_spawn(3) is to do with descriptors.
class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&value_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&value_); }

  void Give(int descriptor, int as, int null_flags) {
    if (descriptor >= 0)
      ::posix_spawn_file_actions_adddup2(&value_, descriptor, as);
    else
      ::posix_spawn_file_actions_addopen(&value_, as, "/dev/null", null_flags, 0);
  }
  // Those as well that whoever started the daemon left open.
  void CloseOthers() { ::posix_spawn_file_actions_addclosefrom_np(&value_, STDERR_FILENO + 1); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &value_; }

 private:
  posix_spawn_file_actions_t value_{};
};

/// What posix_spawn(3) is to do with signals and groups.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&value_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&value_, &none);
    ::posix_spawnattr_setsigdefault(&value_, &all);
    ::posix_spawnattr_setpgroup(&value_, 0);
    ::posix_spawnattr_setflags(
        &value_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&value_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &value_; }

 private:
  posix_spawnattr_t value_{};
};

// As exec(3) takes them.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

ErrorCode CodeOf(int error) {
  if (error == ENOENT) return ErrorCode::kNotFound;
  return error == EACCES || error == EPERM ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable;
}

}  // namespace

Result<pid_t> SpawnApart(ProgramToSpawn program) {
  Actions actions;
  actions.Give(program.input, STDIN_FILENO, O_RDONLY);
  actions.Give(program.output, STDOUT_FILENO, O_WRONLY);
  actions.Give(program.errors, STDERR_FILENO, O_WRONLY);
  actions.CloseOthers();
  const Attributes attributes;
  const auto command = Pointers(program.command);
  std::vector<char*> environment;
  if (program.environment) environment = Pointers(*program.environment);
  // Of this thread alone, which keeps what it may do itself.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, program.path.c_str(), actions.get(), attributes.get(), command.data(),
                    program.environment ? environment.data() : environ);
  if (failed == 0) return pid;
  return Error(CodeOf(failed), std::generic_category().message(failed));
}

}  // namespace surety
