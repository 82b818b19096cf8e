#include "agent/service_manager.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>
#include <system_error>

namespace surety {
namespace {

constexpr int kKeepEnvironment = 0;

Result<void> Tell(const std::string& state) {
  const int told = ::sd_notify(kKeepEnvironment, state.c_str());
  if (told >= 0) return {};
  return Error(ErrorCode::kUnavailable,
               "systemd cannot be told \"" + state +
                   "\" (NOTIFY_SOCKET): " + std::generic_category().message(-told));
}

// systemd 253 and newer match it with the moment of their reload order.
std::string MonotonicMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t micro = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  return std::to_string(micro);
}

}  // namespace

Result<void> ServiceManager::Ready(const std::string& status) {
  status_ = status;
  return Tell("READY=1\nSTATUS=" + status);
}

Result<void> ServiceManager::Reloading() {
  return Tell("RELOADING=1\nMONOTONIC_USEC=" + MonotonicMicroseconds());
}

Result<void> ServiceManager::Alive(const std::string& status) {
  if (status == status_) return Tell("WATCHDOG=1");
  status_ = status;
  return Tell("WATCHDOG=1\nSTATUS=" + status);
}

Result<void> ServiceManager::Stopping() { return Tell("STOPPING=1"); }

}  // namespace surety
