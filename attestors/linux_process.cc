#include "attestors/linux_process.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "attestors/proc_text.h"

namespace surety {
namespace {

// linux/pidfd.h since 6.13; older headers do not have it.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::array<std::uint32_t, 11> ids;
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kPidfdInfoCgroupId = 1U << 2U;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

constexpr std::size_t kMaxStat = 4096;
constexpr std::size_t kReadStep = 4096;

bool HasExited(int pidfd) {
  pollfd watched{pidfd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&watched, 1, 0);
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

Error Gone(pid_t pid) {
  return {ErrorCode::kPeerGone, "process " + std::to_string(pid) + " has exited"};
}

// What a failed call on a file of /proc/PID means while the process lives.
ErrorCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EINVAL:
    case EOPNOTSUPP: return ErrorCode::kNotFound;
    case EACCES:
    case EPERM: return ErrorCode::kPermissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ErrorCode::kResourceExhausted;
    default: return ErrorCode::kUnavailable;
  }
}

bool StaysInside(std::string_view name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos;
}

// nullopt above `max_bytes`; errno on failure.
Result<std::optional<std::string>> ReadWhole(int fd, std::size_t max_bytes, int& error) {
  std::string text;
  std::array<char, kReadStep> step{};
  for (;;) {
    const ssize_t got = ::read(fd, step.data(), step.size());
    if (got == 0) return std::optional(std::move(text));
    if (got < 0) {
      if (errno == EINTR) continue;
      error = errno;
      return Error(CodeOf(error), std::strerror(error));
    }
    text.append(step.data(), static_cast<std::size_t>(got));
    if (text.size() > max_bytes) return std::optional<std::string>();
  }
}

class LinuxProcess final : public ProcessHandle {
 public:
  LinuxProcess(pid_t pid, UniqueFd pidfd, UniqueFd directory)
      : pidfd_(std::move(pidfd)), directory_(std::move(directory)), key_{pid, 0} {}

  // The last step of opening: what the handle is known by.
  Result<void> ReadKey() {
    const auto stat = ReadFile("stat", kMaxStat);
    if (!stat) return stat.error();
    const auto ticks = ParseStartTicks(*stat);
    if (!ticks) return ticks.error();
    key_.start_ticks = *ticks;
    return {};
  }

  [[nodiscard]] ProcessKey key() const override { return key_; }
  [[nodiscard]] int pidfd() const override { return pidfd_.get(); }
  [[nodiscard]] bool IsAlive() const override { return !HasExited(pidfd_.get()); }

  Result<std::string> ReadFile(std::string_view name, std::size_t max_bytes) const override {
    const auto file = OpenAt(name, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (!file) return file.error();
    int error = 0;
    auto text = ReadWhole(file->get(), max_bytes, error);
    if (!text) return Failed("read", name, error);
    if (!IsAlive()) return Gone(key_.pid);
    if (!*text)
      return Error(ErrorCode::kResourceExhausted,
                   Where(name) + " is longer than " + std::to_string(max_bytes) + " bytes");
    return **std::move(text);
  }

  Result<std::string> ReadLink(std::string_view name) const override {
    if (!StaysInside(name)) return Outside(name);
    std::array<char, kReadStep + 1> target{};
    const std::string path(name);
    const ssize_t length =
        ::readlinkat(directory_.get(), path.c_str(), target.data(), target.size());
    if (length < 0) return Failed("read the link", name, errno);
    if (!IsAlive()) return Gone(key_.pid);
    if (static_cast<std::size_t>(length) == target.size())
      return Error(ErrorCode::kResourceExhausted, Where(name) + " is too long a link");
    return std::string(target.data(), static_cast<std::size_t>(length));
  }

  Result<UniqueFd> OpenExecutable() const override {
    auto file = OpenAt("exe", O_PATH);
    if (file && !IsAlive()) return Gone(key_.pid);
    return file;
  }

  Result<std::uint64_t> CgroupId() const override {
    PidfdInfo info{};
    info.mask = kPidfdInfoCgroupId;
    const int outcome = ::ioctl(pidfd_.get(), kPidfdGetInfo, &info);
    const int error = errno;
    if (!IsAlive()) return Gone(key_.pid);
    if (outcome < 0 && error != ENOTTY && error != EINVAL)
      return Error(CodeOf(error), "PIDFD_GET_INFO of process " + std::to_string(key_.pid) + ": " +
                                      std::strerror(error));
    if (outcome < 0 || (info.mask & kPidfdInfoCgroupId) == 0)
      return Error(ErrorCode::kNotFound, "this kernel does not tell cgroup ids (6.13 does)");
    return info.cgroup_id;
  }

 private:
  [[nodiscard]] std::string Where(std::string_view name) const {
    return "/proc/" + std::to_string(key_.pid) + "/" + std::string(name);
  }
  [[nodiscard]] Error Outside(std::string_view name) const {
    return {ErrorCode::kInvalidArgument, Where(name) + " does not name a file of the process"};
  }
  [[nodiscard]] Error Failed(std::string_view what, std::string_view name, int error) const {
    if (error == ESRCH || !IsAlive()) return Gone(key_.pid);
    return {CodeOf(error), "cannot " + std::string(what) + " " + Where(name) + ": " +
                               std::strerror(error) +
                               (error == EACCES ? " (CAP_SYS_PTRACE is needed)" : "")};
  }
  [[nodiscard]] Result<UniqueFd> OpenAt(std::string_view name, int flags) const {
    if (!StaysInside(name)) return Outside(name);
    const std::string path(name);
    UniqueFd file(::openat(directory_.get(), path.c_str(), flags | O_CLOEXEC));
    if (!file) return Failed("open", name, errno);
    return file;
  }

  const UniqueFd pidfd_;
  const UniqueFd directory_;
  ProcessKey key_;  // Constant once ReadKey has succeeded.
};

class LinuxProcessOpener final : public ProcessOpener {
 public:
  Result<std::shared_ptr<const ProcessHandle>> Open(pid_t pid, UniqueFd pidfd) override {
    if (pid <= 0)
      return Error(ErrorCode::kUnavailable,
                   "the process has no pid here: it lives outside of this pid namespace");
    const std::string path = "/proc/" + std::to_string(pid);
    UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const int error = errno;
    if (HasExited(pidfd.get())) return Gone(pid);
    if (!directory)
      return Error(error == ENOENT ? ErrorCode::kUnavailable : CodeOf(error),
                   "cannot open " + path + ": " + std::strerror(error));
    auto process = std::make_shared<LinuxProcess>(pid, std::move(pidfd), std::move(directory));
    if (const auto keyed = process->ReadKey(); !keyed) return keyed.error();
    return Share(std::move(process));
  }

  Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t pid) override {
    if (pid <= 0)
      return Error(ErrorCode::kInvalidArgument, std::to_string(pid) + " is not a process id");
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd) return Open(pid, std::move(pidfd));
    const int error = errno;
    if (error == ESRCH) return Gone(pid);
    // A thread that leads no process: EINVAL before Linux 6.9, ENOENT since.
    if (error == EINVAL || error == ENOENT)
      return Error(ErrorCode::kInvalidArgument, std::to_string(pid) + " is a thread's id");
    return Error(CodeOf(error), "pidfd_open(" + std::to_string(pid) + "): " + std::strerror(error));
  }

 private:
  // A live handle of the same process if there is one, else this one.
  std::shared_ptr<const ProcessHandle> Share(std::shared_ptr<const ProcessHandle> process) {
    const std::lock_guard lock(mutex_);
    auto& slot = handles_[process->key()];
    // A key can come again within one clock tick, but never with a living holder.
    if (auto known = slot.lock(); known && known->IsAlive()) return known;
    slot = process;
    // Cleared whenever it has doubled: on average one look per open.
    if (handles_.size() >= sweep_at_) {
      std::erase_if(handles_, [](const auto& item) { return item.second.expired(); });
      sweep_at_ = 2 * handles_.size() + kSmallest;
    }
    return process;
  }

  static constexpr std::size_t kSmallest = 64;
  std::mutex mutex_;
  std::unordered_map<ProcessKey, std::weak_ptr<const ProcessHandle>> handles_;  // By mutex_.
  std::size_t sweep_at_ = kSmallest;                                            // By mutex_.
};

}  // namespace

std::unique_ptr<ProcessOpener> MakeLinuxProcessOpener() {
  return std::make_unique<LinuxProcessOpener>();
}

}  // namespace surety
