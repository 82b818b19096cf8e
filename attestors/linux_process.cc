#include "attestors/linux_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "attestors/namespace_tree.h"
#include "attestors/pidfd_answer.h"
#include "attestors/proc_file.h"
#include "attestors/proc_text.h"
#include "attestors/running_executable.h"

namespace surety {
namespace {

constexpr std::size_t kMaxStat = 4096;
constexpr std::size_t kMaxLink = 4096;
// Two for each of the first 256 processes: what opening afresh would cost is saved
// where it matters, and thousands of processes do not eat up the descriptors.
constexpr int kKeptDescriptors = 512;
constexpr std::string_view kPidNamespace = "ns/pid";

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

// The process lives, and can show more of itself again: whoever executes another program
// has a first thread again.
Error FirstThreadGone(pid_t pid) {
  return {ErrorCode::kUnavailable, "the first thread of process " + std::to_string(pid) +
                                       " has ended, and the kernel tells nothing of the others"};
}

bool StaysInside(std::string_view name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos;
}

class LinuxProcess final : public LookableProcess, public NamespacedProcess {
 public:
  LinuxProcess(pid_t pid, UniqueFd pidfd, UniqueFd directory,
               const std::shared_ptr<Allowance>& allowance)
      : pidfd_(std::move(pidfd)),
        directory_(std::move(directory)),
        status_(allowance),
        cgroup_(allowance),
        key_{pid, 0} {}

  // The last step of opening: what the handle is known by, and what never changes.
  Result<void> ReadConstants() {
    const auto stat = ReadFile("stat", kMaxStat);
    if (!stat) return stat.error();
    const auto ticks = ParseStartTicks(*stat);
    if (!ticks) return ticks.error();
    key_.start_ticks = *ticks;
    if (auto link = ReadLink(kPidNamespace)) pid_namespace_ = *std::move(link);
    return {};
  }

  [[nodiscard]] ProcessKey key() const override { return key_; }
  [[nodiscard]] int pidfd() const override { return pidfd_.get(); }
  [[nodiscard]] bool IsAlive() const override { return !HasExited(pidfd_.get()); }
  [[nodiscard]] bool IsExiting() const override {
    const auto text = ReadFile("stat", kMaxStat);
    if (!text) return text.error().code() == ErrorCode::kPeerGone;
    const auto stat = ParseStat(*text);
    return stat && stat->exiting;
  }

  Result<std::string> ReadFile(std::string_view name, std::size_t max_bytes) const override {
    int error = 0;
    KeptFile* const kept = KeptFor(name);
    if (kept != nullptr && kept->get() >= 0) {
      auto text = ReadKeptFile(kept->get(), error);
      if (!text) return Failed("read", name, error);
      if (*text) return Within(max_bytes, name, **std::move(text));
    }
    auto file = OpenAt(name, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (!file) return file.error();
    auto text = ReadProcFile(file->get(), max_bytes, IsOneRecord(name), error);
    if (!text) return Failed("read", name, error);
    if (!*text) return TooLong(name, max_bytes);
    if (kept != nullptr) kept->Keep(*std::move(file));
    return **std::move(text);
  }

  Result<std::string> ReadLink(std::string_view name) const override {
    if (!pid_namespace_.empty() && name == kPidNamespace) return pid_namespace_;
    if (!StaysInside(name)) return Outside(name);
    std::array<char, kMaxLink + 1> target;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const std::string path(name);
    const ssize_t length =
        ::readlinkat(directory_.get(), path.c_str(), target.data(), target.size());
    if (length < 0) return Failed("read the link", name, errno);
    if (static_cast<std::size_t>(length) == target.size())
      return Error(ErrorCode::kResourceExhausted, Where(name) + " is too long a link");
    return std::string(target.data(), static_cast<std::size_t>(length));
  }

  Result<UniqueFd> OpenExecutable() const override { return OpenAt("exe", O_PATH); }

  [[nodiscard]] Result<UniqueFd> OpenNamespace(std::string_view name) const override {
    if (!name.starts_with("ns/")) return Outside(name);
    return OpenAt(name, O_RDONLY);
  }

  [[nodiscard]] Result<FileFacts> LookAtExecutable() const override {
    if (const auto facts = LookAtLinked(directory_.get(), "exe", MountIdKind::kUnique))
      return *facts;
    return Failed("look at", "exe", errno);
  }

  // Bound to the memory that the process has now (mm_struct), without holding it.
  Result<UniqueFd> OpenExecProbe() const override {
    auto file = OpenAt("pagemap", O_RDONLY);
    if (file && !IsAlive()) return Gone(key_.pid);
    return file;
  }

  Result<std::uint64_t> CgroupId() const override {
    const auto info = AskPidfd(pidfd_.get());
    if (!info) return info.error().code() == ErrorCode::kPeerGone ? Gone(key_.pid) : info.error();
    if (!info->cgroup_id)
      return Error(ErrorCode::kNotFound, "this kernel does not tell cgroup ids (6.13 does)");
    return *info->cgroup_id;
  }

 private:
  [[nodiscard]] std::string Where(std::string_view name) const {
    return "/proc/" + std::to_string(key_.pid) + "/" + std::string(name);
  }
  [[nodiscard]] KeptFile* KeptFor(std::string_view name) const {
    if (name == "status") return &status_;
    return name == "cgroup" ? &cgroup_ : nullptr;
  }
  [[nodiscard]] Error TooLong(std::string_view name, std::size_t max_bytes) const {
    return {ErrorCode::kResourceExhausted,
            Where(name) + " is longer than " + std::to_string(max_bytes) + " bytes"};
  }
  [[nodiscard]] Result<std::string> Within(std::size_t max_bytes, std::string_view name,
                                           std::string text) const {
    if (text.size() > max_bytes) return TooLong(name, max_bytes);
    return text;
  }
  [[nodiscard]] Error Outside(std::string_view name) const {
    return {ErrorCode::kInvalidArgument, Where(name) + " does not name a file of the process"};
  }
  [[nodiscard]] Error Failed(std::string_view what, std::string_view name, int error) const {
    if (!IsAlive()) return Gone(key_.pid);
    if (error == ESRCH) return FirstThreadGone(key_.pid);
    return {CodeOfProcError(error), "cannot " + std::string(what) + " " + Where(name) + ": " +
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
  mutable KeptFile status_;  // Own locks.
  mutable KeptFile cgroup_;
  // Constant once ReadConstants has succeeded.
  ProcessKey key_;
  std::string pid_namespace_;  // The link's target; empty if it could not be read.
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
      return Error(error == ENOENT ? ErrorCode::kUnavailable : CodeOfProcError(error),
                   "cannot open " + path + ": " + std::strerror(error));
    auto process =
        std::make_shared<LinuxProcess>(pid, std::move(pidfd), std::move(directory), allowance_);
    if (const auto keyed = process->ReadConstants(); !keyed) return keyed.error();
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
    return Error(CodeOfProcError(error),
                 "pidfd_open(" + std::to_string(pid) + "): " + std::strerror(error));
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
  const std::shared_ptr<Allowance> allowance_ = std::make_shared<Allowance>(kKeptDescriptors);
  std::mutex mutex_;
  std::unordered_map<ProcessKey, std::weak_ptr<const ProcessHandle>> handles_;  // By mutex_.
  std::size_t sweep_at_ = kSmallest;                                            // By mutex_.
};

}  // namespace

std::unique_ptr<ProcessOpener> MakeLinuxProcessOpener() {
  return std::make_unique<LinuxProcessOpener>();
}

}  // namespace surety
