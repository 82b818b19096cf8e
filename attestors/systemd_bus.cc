#include "attestors/systemd_bus.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "attestors/boot_now.h"
#include "attestors/systemd_relay.h"

namespace surety {
namespace {

constexpr std::size_t kMostBytes = 1UL << 20U;
constexpr std::size_t kMostText = 4096;
constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr std::string_view kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr std::chrono::milliseconds kLongestTurn{50};

struct Unref {
  void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, Unref>;
using Message = std::unique_ptr<sd_bus_message, Unref>;

Error Failed(const std::string& what, int result) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(-result)};
}

int KeepReply(sd_bus_message* reply, void* place, sd_bus_error* /*error*/) {
  static_cast<Message*>(place)->reset(::sd_bus_message_ref(reply));
  return 0;
}

// One connection. Nothing here waits but for Turn.
class Conversation {
 public:
  Conversation(SystemdRelay relay, BootTime deadline, const std::stop_token& stop)
      : relay_(std::move(relay)), deadline_(deadline), stop_(stop) {}

  Result<void> Begin() {
    sd_bus* made = nullptr;
    if (const int r = ::sd_bus_new(&made); r < 0) return Failed("making a connection", r);
    bus_.reset(made);
    const int fd = relay_.TakeInner().Release();
    int r = ::sd_bus_set_fd(made, fd, fd);
    if (r >= 0) r = ::sd_bus_set_bus_client(made, 1);
    if (r >= 0) r = ::sd_bus_negotiate_fds(made, 0);
    if (r >= 0) r = ::sd_bus_start(made);
    return r >= 0 ? Result<void>() : Failed("greeting the bus", r);
  }

  Result<Message> NewCall(const char* path, const char* interface, const char* member) {
    sd_bus_message* made = nullptr;
    const int r =
        ::sd_bus_message_new_method_call(bus_.get(), &made, kSystemd, path, interface, member);
    if (r < 0) return Failed("making a question", r);
    Message out(made);
    ::sd_bus_message_set_auto_start(made, 0);
    return out;
  }

  // The replies in the order of the calls; errors of systemd's are replies as well.
  Result<std::vector<Message>> Ask(const std::vector<Message>& calls) {
    std::vector<Message> replies(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const int r =
          ::sd_bus_call_async(bus_.get(), nullptr, calls[i].get(), KeepReply, &replies[i], 0);
      if (r < 0) return Failed("sending a question", r);
    }
    const auto is_there = [](const Message& reply) { return reply != nullptr; };
    while (!std::all_of(replies.begin(), replies.end(), is_there)) {
      if (auto passed = Pass(); !passed) {
        bus_.reset();  // It points to the replies.
        return passed.error();
      }
    }
    return replies;
  }

 private:
  Result<void> Pass() {
    const int r = ::sd_bus_process(bus_.get(), nullptr);
    if (r < 0) return Failed("speaking with the bus", r);
    if (r > 0) return {};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - BootNow());
    if (left.count() <= 0) return Error(ErrorCode::kDeadline, "systemd did not answer in time");
    if (stop_.stop_requested()) return Error(ErrorCode::kUnavailable, "suretyd ends");
    return relay_.Turn(std::min(left, kLongestTurn));
  }

  SystemdRelay relay_;
  Bus bus_;
  const BootTime deadline_;
  const std::stop_token& stop_;
};

// Of systemd or of the bus; null if the reply is an answer.
const sd_bus_error* ErrorIn(const Message& reply) {
  return ::sd_bus_message_is_method_error(reply.get(), nullptr) > 0
             ? ::sd_bus_message_get_error(reply.get())
             : nullptr;
}

Error Refused(const sd_bus_error& error) {
  const std::string_view name = error.name;
  const std::string_view text = error.message == nullptr ? "" : error.message;
  return {ErrorCode::kUnavailable,
          "systemd could not be asked: " + std::string(name.substr(0, kMostText)) + ": " +
              std::string(text.substr(0, kMostText))};
}

Error Unreadable(std::string_view what) {
  return {ErrorCode::kUnavailable, "systemd's answer for " + std::string(what) + " is not one"};
}

Result<std::string> TextIn(const Message& reply, std::string_view what) {
  if (const auto* error = ErrorIn(reply)) return Refused(*error);
  const char* text = nullptr;
  if (::sd_bus_message_read(reply.get(), "v", "s", &text) < 0) return Unreadable(what);
  const std::string_view found = text;
  if (found.size() > kMostText) return Unreadable(what);
  return std::string(found);
}

Result<std::string> HexIn(const Message& reply, std::string_view what) {
  if (const auto* error = ErrorIn(reply)) return Refused(*error);
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (::sd_bus_message_enter_container(reply.get(), 'v', "ay") < 0 ||
      ::sd_bus_message_read_array(reply.get(), 'y', &bytes, &size) < 0 ||
      (size != 0 && size != sizeof(sd_id128_t)))
    return Unreadable(what);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  const auto* const byte = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < size; ++i) {
    out += kDigits[byte[i] >> 4U];
    out += kDigits[byte[i] & 0xfU];
  }
  return out;
}

// The interface of what only units with a cgroup have, by the unit's object; null for
// others.
const char* InterfaceOf(std::string_view object) {
  constexpr std::array<std::pair<std::string_view, const char*>, 6> kInterfaces{
      {{"_2eservice", "org.freedesktop.systemd1.Service"},
       {"_2escope", "org.freedesktop.systemd1.Scope"},
       {"_2esocket", "org.freedesktop.systemd1.Socket"},
       {"_2emount", "org.freedesktop.systemd1.Mount"},
       {"_2eswap", "org.freedesktop.systemd1.Swap"},
       {"_2eslice", "org.freedesktop.systemd1.Slice"}}};
  for (const auto& [end, interface] : kInterfaces)
    if (object.ends_with(end)) return interface;
  return nullptr;
}

// The object of the unit that a cgroup is of.
Result<std::optional<std::string>> FindObject(Conversation& systemd, const std::string& cgroup) {
  auto call = systemd.NewCall("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                              "GetUnitByControlGroup");
  if (!call) return call.error();
  if (const int r = ::sd_bus_message_append(call->get(), "s", cgroup.c_str()); r < 0)
    return Failed("naming the cgroup", r);
  std::vector<Message> calls;
  calls.push_back(*std::move(call));
  const auto replies = systemd.Ask(calls);
  if (!replies) return replies.error();
  const Message& reply = replies->front();
  if (const auto* error = ErrorIn(reply)) {
    if (error->name == kNoSuchUnit) return std::optional<std::string>();
    return Refused(*error);
  }
  const char* object = nullptr;
  if (::sd_bus_message_read(reply.get(), "o", &object) < 0) return Unreadable("a cgroup");
  return std::optional<std::string>(object);
}

Result<UnitFacts> ReadFacts(Conversation& systemd, const std::string& object,
                            const char* interface) {
  constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
  const std::array<std::pair<const char*, const char*>, 5> wanted{{{kUnit, "Id"},
                                                                   {kUnit, "FragmentPath"},
                                                                   {interface, "Slice"},
                                                                   {interface, "ControlGroup"},
                                                                   {kUnit, "InvocationID"}}};
  std::vector<Message> calls;
  for (const auto& [of, property] : wanted) {
    auto call = systemd.NewCall(object.c_str(), "org.freedesktop.DBus.Properties", "Get");
    if (!call) return call.error();
    if (const int r = ::sd_bus_message_append(call->get(), "ss", of, property); r < 0)
      return Failed("naming a property", r);
    calls.push_back(*std::move(call));
  }
  const auto replies = systemd.Ask(calls);
  if (!replies) return replies.error();
  UnitFacts out;
  const std::array<std::string*, 4> texts{&out.id, &out.fragment_path, &out.slice,
                                          &out.control_group};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto text = TextIn((*replies)[i], wanted[i].second);
    if (!text) return text.error();
    *texts[i] = *std::move(text);
  }
  auto invocation = HexIn(replies->back(), "InvocationID");
  if (!invocation) return invocation.error();
  out.invocation_id = *std::move(invocation);
  return out;
}

}  // namespace

UnitQuestion AskSystemBus(std::string socket) {
  return [socket = std::move(socket)](
             const std::string& cgroup, BootTime deadline,
             const std::stop_token& stop) -> Result<std::optional<UnitFacts>> {
    auto relay = SystemdRelay::Connect(socket, kMostBytes);
    if (!relay) return relay.error();
    Conversation systemd(*std::move(relay), deadline, stop);
    if (auto begun = systemd.Begin(); !begun) return begun.error();
    const auto object = FindObject(systemd, cgroup);
    if (!object) return object.error();
    const char* interface = *object ? InterfaceOf(**object) : nullptr;
    if (interface == nullptr) return std::optional<UnitFacts>();
    auto facts = ReadFacts(systemd, **object, interface);
    if (!facts) return facts.error();
    return std::optional(*std::move(facts));
  };
}

}  // namespace surety
