#include "agent/watch/proc_event.h"

#include <linux/connector.h>

#include <cstring>

namespace surety {
namespace {

constexpr std::size_t kSmallest = ProcEventOffset::kChildProcess + sizeof(std::uint32_t);

std::uint32_t Number(std::string_view message, std::size_t offset) {
  std::uint32_t number = 0;
  std::memcpy(&number, message.data() + offset, sizeof number);
  return number;
}

pid_t Pid(std::string_view message, std::size_t offset) {
  return static_cast<pid_t>(Number(message, offset));
}

bool IsUsed(ProcEventType type) {
  switch (type) {
    case ProcEventType::kAcknowledgement:
    case ProcEventType::kFork:
    case ProcEventType::kExec:
    case ProcEventType::kUid:
    case ProcEventType::kGid:
    case ProcEventType::kSid:
    case ProcEventType::kPtrace:
    case ProcEventType::kComm: return true;
  }
  return false;
}

}  // namespace

std::optional<ProcEvent> ParseProcEvent(std::string_view message) {
  using Offset = ProcEventOffset;
  if (message.size() < kSmallest || Number(message, Offset::kLength) > message.size())
    return std::nullopt;
  if (Number(message, Offset::kIndex) != CN_IDX_PROC) return std::nullopt;
  ProcEvent event{.type = static_cast<ProcEventType>(Number(message, Offset::kType))};
  if (!IsUsed(event.type)) return std::nullopt;
  if (event.type == ProcEventType::kAcknowledgement) {
    event.acknowledges = Number(message, Offset::kAcknowledges);
    event.error = Number(message, Offset::kError);
  } else if (event.type == ProcEventType::kFork) {
    event.parent = Pid(message, Offset::kProcess);
    event.thread = Pid(message, Offset::kChildThread);
    event.process = Pid(message, Offset::kChildProcess);
  } else {
    event.thread = Pid(message, Offset::kThread);
    event.process = Pid(message, Offset::kProcess);
    if (event.type == ProcEventType::kPtrace) event.tracer = Pid(message, Offset::kTracer);
  }
  return event;
}

}  // namespace surety
