#include "attestors/systemd_bus_conversation.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "attestors/boot_now.h"

namespace surety {
namespace {

constexpr std::size_t kMostBytes = 1UL << 20U;
constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr std::chrono::milliseconds kLongestTurn{50};

int KeepReply(sd_bus_message* reply, void* place, sd_bus_error* /*error*/) {
  static_cast<BusMessage*>(place)->reset(::sd_bus_message_ref(reply));
  return 0;
}

}  // namespace

Result<SystemdConversation> SystemdConversation::Open(const std::string& socket, BootTime deadline,
                                                      const std::stop_token& stop) {
  auto relay = SystemdRelay::Connect(socket, kMostBytes);
  if (!relay) return relay.error();
  SystemdConversation systemd(*std::move(relay), deadline, stop);
  if (auto begun = systemd.Begin(); !begun) return begun.error();
  return systemd;
}

Result<void> SystemdConversation::Begin() {
  sd_bus* made = nullptr;
  if (const int r = ::sd_bus_new(&made); r < 0) return BusFailed("making a connection", r);
  bus_.reset(made);
  const int fd = relay_.TakeInner().Release();
  int r = ::sd_bus_set_fd(made, fd, fd);
  if (r >= 0) r = ::sd_bus_set_bus_client(made, 1);
  if (r >= 0) r = ::sd_bus_negotiate_fds(made, 0);
  if (r >= 0) r = ::sd_bus_start(made);
  return r >= 0 ? Result<void>() : BusFailed("greeting the bus", r);
}

Result<BusMessage> SystemdConversation::NewCall(const char* path, const char* interface,
                                                const char* member) {
  sd_bus_message* made = nullptr;
  const int r =
      ::sd_bus_message_new_method_call(bus_.get(), &made, kSystemd, path, interface, member);
  if (r < 0) return BusFailed("making a question", r);
  BusMessage out(made);
  ::sd_bus_message_set_auto_start(made, 0);
  return out;
}

Result<BusMessage> SystemdConversation::NewGet(const char* path, const char* interface,
                                               const char* property) {
  auto call = NewCall(path, "org.freedesktop.DBus.Properties", "Get");
  if (!call) return call.error();
  if (const int r = ::sd_bus_message_append(call->get(), "ss", interface, property); r < 0)
    return BusFailed("naming a property", r);
  return call;
}

Result<std::vector<BusMessage>> SystemdConversation::Ask(const std::vector<BusMessage>& calls) {
  std::vector<BusMessage> replies(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const int r =
        ::sd_bus_call_async(bus_.get(), nullptr, calls[i].get(), KeepReply, &replies[i], 0);
    if (r < 0) return BusFailed("sending a question", r);
  }
  const auto is_there = [](const BusMessage& reply) { return reply != nullptr; };
  while (!std::all_of(replies.begin(), replies.end(), is_there)) {
    if (auto passed = Pass(); !passed) {
      bus_.reset();  // It points to the replies.
      return passed.error();
    }
  }
  return replies;
}

Result<BusMessage> SystemdConversation::AskAbout(const char* member,
                                                 const std::vector<std::string>& words) {
  auto call = NewCall(kSystemdObject, kSystemdManager, member);
  if (!call) return call.error();
  for (const std::string& word : words)
    if (const int r = ::sd_bus_message_append(call->get(), "s", word.c_str()); r < 0)
      return BusFailed("naming what is asked about", r);
  std::vector<BusMessage> calls;
  calls.push_back(*std::move(call));
  auto replies = Ask(calls);
  if (!replies) return replies.error();
  return std::move(replies->front());
}

Result<void> SystemdConversation::Pass() {
  const int r = ::sd_bus_process(bus_.get(), nullptr);
  if (r < 0) return BusFailed("speaking with the bus", r);
  if (r > 0) return {};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - BootNow());
  if (left.count() <= 0) return Error(ErrorCode::kDeadline, "systemd did not answer in time");
  if (stop_.stop_requested()) return Error(ErrorCode::kUnavailable, "suretyd ends");
  return relay_.Turn(std::min(left, kLongestTurn));
}

const sd_bus_error* ErrorIn(const BusMessage& reply) {
  return ::sd_bus_message_is_method_error(reply.get(), nullptr) > 0
             ? ::sd_bus_message_get_error(reply.get())
             : nullptr;
}

Error RefusedBySystemd(const sd_bus_error& error) {
  const std::string_view name = error.name;
  const std::string_view text = error.message == nullptr ? "" : error.message;
  return {ErrorCode::kUnavailable,
          "systemd could not be asked: " + std::string(name.substr(0, kMostBusText)) + ": " +
              std::string(text.substr(0, kMostBusText))};
}

Error UnreadableFromSystemd(std::string_view what) {
  return {ErrorCode::kUnavailable, "systemd's answer for " + std::string(what) + " is not one"};
}

Error BusFailed(const std::string& what, int result) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(-result)};
}

}  // namespace surety
