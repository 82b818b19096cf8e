#include "tests/unit/watch/acting_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace surety::testing {
namespace {

[[noreturn]] void Obey(const std::vector<ActingChild::Act>& acts, int orders, int answers) {
  std::uint8_t act = 0;
  while (::read(orders, &act, 1) == 1) {
    errno = 0;
    const int answer = acts[act]() ? 0 : errno;
    if (::write(answers, &answer, sizeof answer) != sizeof answer) break;
  }
  ::_exit(0);
}

}  // namespace

ActingChild::ActingChild(const std::vector<Act>& acts) {
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (::pipe2(down.data(), O_CLOEXEC) != 0 || ::pipe2(up.data(), O_CLOEXEC) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(down[1]);
    ::close(up[0]);
    Obey(acts, down[0], up[1]);
  }
  ::close(down[0]);
  ::close(up[1]);
  orders_.Reset(down[1]);
  answers_.Reset(up[0]);
}

int ActingChild::Do(std::size_t act) {
  const auto order = static_cast<std::uint8_t>(act);
  if (::write(orders_.get(), &order, 1) != 1) return errno;
  int answer = 0;
  return ::read(answers_.get(), &answer, sizeof answer) == sizeof answer ? answer : 0;
}

void ActingChild::KillAndReap() {
  const pid_t pid = std::exchange(pid_, -1);
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace surety::testing
