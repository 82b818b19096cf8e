#include "agent/sinks/bounded_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "agent/identity/one_line.h"
#include "agent/identity/spawn_apart.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kMostOutput = 2048;
constexpr std::chrono::milliseconds kLongestPoll{100};

std::string TextOf(int error) { return std::generic_category().message(error); }

// Takes in what there is; keeps the first of it.
void Drain(int pipe, std::string& said) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    said.append(buffer.data(),
                std::min<std::size_t>(static_cast<std::size_t>(got), kMostOutput - said.size()));
  }
}

enum class Ended { kByItself, kTooLate, kStopped };

Ended Await(int pidfd, int pipe, SteadyTime deadline, const std::stop_token& stop,
            std::string& said) {
  std::array<pollfd, 2> fds{{{.fd = pidfd, .events = POLLIN, .revents = 0},
                             {.fd = pipe, .events = POLLIN, .revents = 0}}};
  while (true) {
    if (stop.stop_requested()) return Ended::kStopped;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Ended::kTooLate;
    ::poll(fds.data(), fds.size(), static_cast<int>(std::min(left, kLongestPoll).count()));
    if (fds[1].revents != 0) Drain(pipe, said);
    // Closed at the other end by one that runs on: nothing to wake for any more.
    if ((fds[1].revents & POLLHUP) != 0) fds[1].fd = -1;
    if (fds[0].revents == 0) continue;
    Drain(pipe, said);
    return Ended::kByItself;
  }
}

std::string HowItEnded(Ended ended, const siginfo_t& info) {
  if (ended == Ended::kStopped) return "was killed, since suretyd ends";
  if (ended == Ended::kTooLate) return "was killed after its time";
  if (info.si_code == CLD_EXITED) return "ended with status " + std::to_string(info.si_status);
  return "was ended by signal " + std::to_string(info.si_status);
}

struct Pipe {
  UniqueFd ours;
  UniqueFd its;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Error(ErrorCode::kResourceExhausted, "making a pipe: " + TextOf(errno));
  Pipe pipe{.ours = UniqueFd(ends[0]), .its = UniqueFd(ends[1])};
  // Of our end alone: programs do not expect it of theirs.
  if (::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK) != 0)
    return Error(ErrorCode::kInternal, "making a pipe: " + TextOf(errno));
  return pipe;
}

}  // namespace

Result<std::string> RunBounded(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment,
                               std::chrono::milliseconds timeout, const std::stop_token& stop) {
  auto pipe = MakePipe();
  if (!pipe) return pipe.error();
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  const auto pid = SpawnApart({.path = command.front(),
                               .command = command,
                               .environment = environment,
                               .output = pipe->its.get(),
                               .errors = pipe->its.get()});
  pipe->its.Reset();
  if (!pid) return pid.error().Within(command.front() + " cannot be run");
  // Not reaped, so that no other process can have its number.
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  std::string said;
  const Ended ended =
      pidfd ? Await(pidfd.get(), pipe->ours.get(), deadline, stop, said) : Ended::kTooLate;
  // Its children too, if it has left any.
  ::kill(-*pid, SIGKILL);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(*pid), &info, WEXITED) != 0 && errno == EINTR) continue;
  // A log line may hold it.
  said = OneLine(said, ' ');
  while (said.ends_with(' ')) said.pop_back();
  if (ended == Ended::kByItself && info.si_code == CLD_EXITED && info.si_status == 0) return said;
  const std::string what =
      command.front() + " " + HowItEnded(ended, info) + (said.empty() ? "" : ", and said: " + said);
  return Error(ended == Ended::kTooLate ? ErrorCode::kDeadline : ErrorCode::kUnavailable, what);
}

}  // namespace surety
