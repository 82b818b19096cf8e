#include "tests/unit/attestors/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace surety::testing {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

// fork(2), or clone3(2) with a chosen pid.
pid_t ForkAs(pid_t pid) {
  if (pid == 0) return ::fork();
  clone_args args{};
  args.exit_signal = SIGCHLD;
  args.set_tid = reinterpret_cast<std::uint64_t>(&pid);
  args.set_tid_size = 1;
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

}  // namespace

// The child writes to the pipe what failed, or 0 once it sleeps. A pipe that ends without
// a word means that execve has closed it. A sleeper's end may never come: a child that
// another thread forks meanwhile holds the pipe as well.
Child Child::Start(pid_t forced_pid, const std::function<bool()>& body) {
  Child child;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  child.pid_ = ForkAs(forced_pid);
  if (child.pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int error = body() ? 0 : errno;
    [[maybe_unused]] const auto told = ::write(writing.get(), &error, sizeof error);
    if (error != 0) ::_exit(1);
    ::close(writing.get());
    for (;;) ::pause();
  }
  if (child.pid_ < 0) {
    child.error_ = errno;
    return child;
  }
  writing.Reset();
  int error = 0;
  if (::read(reading.get(), &error, sizeof error) == sizeof error) child.error_ = error;
  return child;
}

Child Child::Sleeping(const Prepare& prepare) { return Start(0, prepare); }

Child Child::SleepingAs(pid_t pid) {
  return Start(pid, [] { return true; });
}

Child Child::Running(const std::vector<std::string>& program, const Prepare& prepare) {
  const auto words = Pointers(program);
  return Start(0, [&] { return prepare() && ::execv(words[0], words.data()) == 0; });
}

Child Child::RunningFile(int fd, const std::vector<std::string>& arguments,
                         const Prepare& prepare) {
  const auto words = Pointers(arguments);
  return Start(0, [&] { return prepare() && ::fexecve(fd, words.data(), environ) == 0; });
}

Child Child::Zombie() {
  Child child = Start(0, [] {
    errno = ECHILD;
    return false;
  });
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid_), &info, WEXITED | WNOWAIT);
  return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), error_(other.error_) {}

void Child::KillAndReap() {
  const pid_t pid = std::exchange(pid_, -1);
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

namespace {

bool ForkInside(const Child::Prepare& prepare, int signal_at_parents_death) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int error = prepare() ? 0 : errno;
    ::prctl(PR_SET_PDEATHSIG, signal_at_parents_death);  // A change of uid switches it off.
    [[maybe_unused]] const auto told = ::write(ends[1], &error, sizeof error);
    // Nothing of the test's own may stay open: whoever waits for its end waits for it.
    ::close_range(3, ~0U, 0);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  int error = errno;
  const bool ready = pid > 0 && ::read(ends[0], &error, sizeof error) == sizeof error && error == 0;
  ::close(ends[0]);
  errno = error;
  return ready;
}

}  // namespace

bool ForkBelow(const Child::Prepare& prepare) { return ForkInside(prepare, SIGKILL); }
bool ForkOrphan(const Child::Prepare& prepare) { return ForkInside(prepare, 0); }

pid_t OnlyChildOf(pid_t pid) {
  const std::string name = std::to_string(pid);
  pid_t child = 0;
  Eventually([&] {
    return static_cast<bool>(std::ifstream("/proc/" + name + "/task/" + name + "/children") >>
                             child);
  });
  return child;
}

bool BecomeUser(uid_t uid) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(uid, uid, uid) == 0 &&
         ::setresuid(uid, uid, uid) == 0;
}

Folder::Folder() : path_("/tmp/surety-test-" + std::string(6, 'X')) {
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
  ::chmod(path_.c_str(), 0755);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool CopySleep(const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file("/bin/sleep", to, error);
  return !error && ::chmod(to.c_str(), 0755) == 0;
}

bool WriteFile(const std::string& path, const std::string& contents) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << contents;
  file.close();
  return file.good();
}

}  // namespace surety::testing
