#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/systemd_relay.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

struct UnrefBus {
  void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, UnrefBus>;
using BusMessage = std::unique_ptr<sd_bus_message, UnrefBus>;

inline constexpr std::string_view kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
inline constexpr const char* kSystemdObject = "/org/freedesktop/systemd1";
inline constexpr const char* kSystemdManager = "org.freedesktop.systemd1.Manager";
/// Of a text that systemd answers with.
inline constexpr std::size_t kMostBusText = 4096;

/// One connection to systemd over the system bus, whose server must be root's. Takes in
/// 1 MiB at most. Nothing waits but Ask. Not thread-safe.
class SystemdConversation {
 public:
  /// Errors: systemd_relay.h.
  static Result<SystemdConversation> Open(const std::string& socket, BootTime deadline,
                                          const std::stop_token& stop);

  Result<BusMessage> NewCall(const char* path, const char* interface, const char* member);

  /// A call for a property of an object.
  Result<BusMessage> NewGet(const char* path, const char* interface, const char* property);

  /// The replies in the order of the calls; errors of systemd's are replies as well.
  /// kUnavailable, kDeadline, kResourceExhausted.
  Result<std::vector<BusMessage>> Ask(const std::vector<BusMessage>& calls);

  /// The reply to one call that names a thing.
  Result<BusMessage> AskAbout(const char* member, const std::vector<std::string>& words);

 private:
  SystemdConversation(SystemdRelay relay, BootTime deadline, std::stop_token stop)
      : relay_(std::move(relay)), deadline_(deadline), stop_(std::move(stop)) {}
  Result<void> Begin();
  Result<void> Pass();

  SystemdRelay relay_;
  Bus bus_;
  BootTime deadline_;
  std::stop_token stop_;
};

/// Of systemd or of the bus; null if the reply is an answer.
const sd_bus_error* ErrorIn(const BusMessage& reply);

/// That systemd said no to what was asked, in its words.
Error RefusedBySystemd(const sd_bus_error& error);

/// That the answer for `what` is not of its type.
Error UnreadableFromSystemd(std::string_view what);

Error BusFailed(const std::string& what, int result);

}  // namespace surety
