#include "agent/doctor/installation.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

#include "attestors/proc_file.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kLargestStatus = 65'536;

std::optional<ProcessStatus> StatusOf(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  int error = 0;
  const auto text = ReadProcFile(file.get(), kLargestStatus, true, error);
  // In another pid namespace the number that it tells is another process's here.
  if (!text || !*text || !(*text)->starts_with("Name:\tsuretyd\n")) return std::nullopt;
  const auto status = ParseStatus(**text);
  return status ? std::optional(*status) : std::nullopt;
}

// The packaged service runs as this user.
std::optional<uid_t> UserOfService() {
  constexpr std::array kUnits{"/etc/systemd/system/suretyd.service",
                              "/lib/systemd/system/suretyd.service"};
  for (const char* unit : kUnits)
    if (::access(unit, F_OK) == 0) return SystemAccountIds().user("surety");
  return std::nullopt;
}

Result<uid_t> UserNamed(const std::string& name) {
  if (const auto uid = SystemAccountIds().user(name)) return *uid;
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), uid);
  if (error == std::errc() && end == name.data() + name.size()) return uid;
  return Error(ErrorCode::kInvalidArgument, "--user " + Quoted(name) + " is no user of this host");
}

Result<uid_t> UserOf(const std::optional<ProcessStatus>& process, const DoctorFlags& flags) {
  if (process) return process->uid;
  if (flags.user) return UserNamed(*flags.user);
  return UserOfService().value_or(::geteuid());
}

}  // namespace

std::string Installation::AdminSocket() const {
  return config ? config->admin.socket.path : AdminConfig().socket.path;
}

Result<std::shared_ptr<const Installation>> Gather(
    const DoctorFlags& flags, const Clock& clock,
    const std::function<std::unique_ptr<AdminClient>(const std::string& socket)>& connect) {
  auto all = std::make_shared<Installation>();
  all->config_file = flags.config.value_or(std::string(kDefaultConfigFile));
  all->config = LoadConfig(all->config_file, {}, all->wrong_with_config);
  auto status = connect(all->AdminSocket())->GetStatus(flags.timeout);
  if (status) {
    all->process = StatusOf(status->pid);
    all->daemon = *std::move(status);
  } else {
    all->why_silent = status.error().Text();
  }
  const auto uid = UserOf(all->process, flags);
  if (!uid) return uid.error();
  all->uid = *uid;
  all->now = clock.Now();
  return std::shared_ptr<const Installation>(std::move(all));
}

}  // namespace surety
