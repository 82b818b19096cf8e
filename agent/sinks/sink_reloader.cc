#include "agent/sinks/sink_reloader.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "agent/sinks/bounded_command.h"

namespace surety {
namespace {

// Whether it has a handler for it: without one most signals end a process, and one that
// has just begun has none yet.
Result<bool> Catches(int signal, const ProcessHandle& process) {
  constexpr std::string_view kField = "\nSigCgt:\t";
  constexpr std::size_t kMostStatus = 64UL * 1024;
  const auto status = process.ReadFile("status", kMostStatus);
  if (!status) return status.error();
  const auto at = status->find(kField);
  if (at == std::string::npos) return Error(ErrorCode::kUnavailable, "its status has no SigCgt");
  std::uint64_t caught = 0;
  const char* const from = status->data() + at + kField.size();
  std::from_chars(from, status->data() + status->size(), caught, 16);
  return (caught >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

Result<std::string> Send(int signal, const ProcessHandle& process) {
  const std::string pid = std::to_string(process.key().pid);
  const auto catches = Catches(signal, process);
  if (!catches) return catches.error();
  if (!*catches)
    return Error(ErrorCode::kUnavailable, "process " + pid + " has no handler for signal " +
                                              std::to_string(signal) + ", which would end it");
  if (::syscall(SYS_pidfd_send_signal, process.pidfd(), signal, nullptr, 0) == 0)
    return "sent signal " + std::to_string(signal) + " to process " + pid;
  if (errno == ESRCH) return Error(ErrorCode::kPeerGone, "process " + pid + " has exited");
  const bool denied = errno == EPERM;
  return Error(denied ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
               "sending signal " + std::to_string(signal) + " to process " + pid + ": " +
                   std::generic_category().message(errno) +
                   (denied ? "; processes of other users need CAP_KILL, or use reload_unit" : ""));
}

}  // namespace

bool SinkReloader::wanted() const {
  return !settings_.unit.empty() || settings_.signal != 0 || !settings_.command.empty();
}

Result<std::string> SinkReloader::Run(const ProcessHandle& process,
                                      const std::stop_token& stop) const {
  if (settings_.signal != 0) return Send(settings_.signal, process);
  if (!settings_.unit.empty()) {
    if (auto asked = unit_reload_(settings_.unit, stop); !asked) return asked.error();
    return "asked systemd to reload " + settings_.unit;
  }
  const auto said = RunBounded(settings_.command, environment_, settings_.timeout, stop);
  if (!said) return said.error();
  return "ran " + settings_.command.front() + (said->empty() ? "" : ", which said: " + *said);
}

}  // namespace surety
