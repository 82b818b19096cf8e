#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "agent/watch/proc_event.h"

namespace {

using Offset = surety::ProcEventOffset;

// What the parser has read, written over a message that says something else.
std::string Print(const surety::ProcEvent& event, std::string message) {
  const auto put = [&message](std::size_t offset, std::uint32_t value) {
    std::memcpy(message.data() + offset, &value, sizeof value);
  };
  const auto pid = [](pid_t value) { return static_cast<std::uint32_t>(value); };
  const bool fork = event.type == surety::ProcEventType::kFork;
  const bool answer = event.type == surety::ProcEventType::kAcknowledgement;
  put(Offset::kType, static_cast<std::uint32_t>(event.type));
  put(Offset::kAcknowledges, event.acknowledges);
  put(fork ? Offset::kChildThread : Offset::kThread, answer ? event.error : pid(event.thread));
  put(fork ? Offset::kChildProcess : Offset::kProcess, pid(event.process));
  if (fork) put(Offset::kProcess, pid(event.parent));
  return message;
}

}  // namespace

// What is read can be written, and is read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message(reinterpret_cast<const char*>(data), size);
  const auto event = surety::ParseProcEvent(message);
  if (!event) return 0;
  const auto again = surety::ParseProcEvent(Print(*event, message));
  if (!again || *again != *event) std::abort();
  return 0;
}
