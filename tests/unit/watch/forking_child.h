#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "surety/unique_fd.h"

namespace surety::testing {

/// Acts for an ActingChild that make more processes, which sleep and die with it or,
/// as orphans, at ForkedPids's end.
class ForkedPids {
 public:
  ForkedPids() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    reading_.Reset(ends[0]);
    writing_.Reset(ends[1]);
  }
  ForkedPids(const ForkedPids&) = delete;
  ForkedPids& operator=(const ForkedPids&) = delete;

  /// In the child: forks one that sleeps.
  bool ForkOne() const {
    const pid_t made = ::fork();
    if (made == 0) Sleep();
    return made > 0 && Tell(made);
  }
  /// In the child: forks one that forks one and exits at once.
  bool ForkAnOrphan() const {
    ::signal(SIGCHLD, SIG_IGN);  // Whoever exits is reaped.
    const pid_t made = ::fork();
    if (made != 0) return made > 0;
    const pid_t grandchild = ::fork();
    if (grandchild == 0) Sleep();
    ::_exit(Tell(grandchild) ? 0 : 1);
  }
  /// In the test: whom the act has made.
  [[nodiscard]] pid_t Next() const {
    pid_t made = 0;
    return ::read(reading_.get(), &made, sizeof made) == sizeof made ? made : 0;
  }

 private:
  // Closes everything, so that nobody waits for this end of a pipe.
  [[noreturn]] static void Sleep() {
    ::syscall(SYS_close_range, 0, ~0U, 0);
    ::alarm(60);
    for (;;) ::pause();
  }
  [[nodiscard]] bool Tell(pid_t pid) const {
    return ::write(writing_.get(), &pid, sizeof pid) == sizeof pid;
  }

  UniqueFd reading_;
  UniqueFd writing_;
};

/// Kills a process that is not a child of ours.
class KillAtEnd {
 public:
  explicit KillAtEnd(pid_t pid) : pid_(pid) {}
  KillAtEnd(const KillAtEnd&) = delete;
  KillAtEnd& operator=(const KillAtEnd&) = delete;
  ~KillAtEnd() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }

 private:
  pid_t pid_;
};

}  // namespace surety::testing
