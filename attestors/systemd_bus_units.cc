#include "attestors/systemd_bus_units.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "attestors/systemd_bus_conversation.h"

namespace surety {
namespace {

constexpr const char* kService = "org.freedesktop.systemd1.Service";

Result<pid_t> PidIn(const BusMessage& reply) {
  if (const auto* error = ErrorIn(reply)) return RefusedBySystemd(*error);
  std::uint32_t pid = 0;
  if (::sd_bus_message_read(reply.get(), "v", "u", &pid) < 0)
    return UnreadableFromSystemd("a process of the unit");
  return static_cast<pid_t>(pid);
}

// nullopt: systemd has not loaded such a unit.
Result<std::optional<std::string>> ObjectOf(SystemdConversation& systemd, const std::string& unit) {
  const auto reply = systemd.AskAbout("GetUnit", {unit});
  if (!reply) return reply.error();
  if (const auto* error = ErrorIn(*reply)) {
    if (error->name == kNoSuchUnit) return std::optional<std::string>();
    return RefusedBySystemd(*error);
  }
  const char* object = nullptr;
  if (::sd_bus_message_read(reply->get(), "o", &object) < 0)
    return UnreadableFromSystemd("the unit");
  return std::optional<std::string>(object);
}

}  // namespace

Result<std::optional<pid_t>> AskMainProcess(const std::string& socket, const std::string& unit,
                                            BootTime deadline, const std::stop_token& stop) {
  auto systemd = SystemdConversation::Open(socket, deadline, stop);
  if (!systemd) return systemd.error();
  const auto object = ObjectOf(*systemd, unit);
  if (!object) return object.error();
  if (!*object) return std::optional<pid_t>();
  std::vector<BusMessage> calls;
  for (const char* property : {"MainPID", "ControlPID"}) {
    auto call = systemd->NewGet((*object)->c_str(), kService, property);
    if (!call) return call.error();
    calls.push_back(*std::move(call));
  }
  const auto replies = systemd->Ask(calls);
  if (!replies) return replies.error();
  for (const BusMessage& reply : *replies) {
    const auto pid = PidIn(reply);
    if (!pid) return pid.error();
    if (*pid > 0) return std::optional(*pid);
  }
  return std::optional<pid_t>();
}

Result<void> ReloadUnitOverBus(const std::string& socket, const std::string& unit,
                               BootTime deadline, const std::stop_token& stop) {
  auto systemd = SystemdConversation::Open(socket, deadline, stop);
  if (!systemd) return systemd.error();
  const auto reply = systemd->AskAbout("ReloadUnit", {unit, "replace"});
  if (!reply) return reply.error();
  if (const auto* error = ErrorIn(*reply)) return RefusedBySystemd(*error);
  return {};
}

}  // namespace surety
