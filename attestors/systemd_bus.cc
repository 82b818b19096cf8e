#include "attestors/systemd_bus.h"

#include <systemd/sd-bus.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "attestors/systemd_bus_conversation.h"

namespace surety {
namespace {

using Message = BusMessage;
using Conversation = SystemdConversation;

Result<std::string> TextIn(const Message& reply, std::string_view what) {
  if (const auto* error = ErrorIn(reply)) return RefusedBySystemd(*error);
  const char* text = nullptr;
  if (::sd_bus_message_read(reply.get(), "v", "s", &text) < 0) return UnreadableFromSystemd(what);
  const std::string_view found = text;
  if (found.size() > kMostBusText) return UnreadableFromSystemd(what);
  return std::string(found);
}

Result<std::string> HexIn(const Message& reply, std::string_view what) {
  if (const auto* error = ErrorIn(reply)) return RefusedBySystemd(*error);
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (::sd_bus_message_enter_container(reply.get(), 'v', "ay") < 0 ||
      ::sd_bus_message_read_array(reply.get(), 'y', &bytes, &size) < 0 ||
      (size != 0 && size != sizeof(sd_id128_t)))
    return UnreadableFromSystemd(what);
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
  const auto answer = systemd.AskAbout("GetUnitByControlGroup", {cgroup});
  if (!answer) return answer.error();
  const Message& reply = *answer;
  if (const auto* error = ErrorIn(reply)) {
    if (error->name == kNoSuchUnit) return std::optional<std::string>();
    return RefusedBySystemd(*error);
  }
  const char* object = nullptr;
  if (::sd_bus_message_read(reply.get(), "o", &object) < 0)
    return UnreadableFromSystemd("a cgroup");
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
    auto call = systemd.NewGet(object.c_str(), of, property);
    if (!call) return call.error();
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
    auto opened = Conversation::Open(socket, deadline, stop);
    if (!opened) return opened.error();
    Conversation& systemd = *opened;
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
