#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace surety {

/// Types of events of the kernel's proc connector, with their values on the wire
/// (linux/cn_proc.h). Only those that are used.
enum class ProcEventType : std::uint32_t {
  kAcknowledgement = 0,
  kFork = 0x1,
  kExec = 0x2,
  kUid = 0x4,
  kGid = 0x40,
  kSid = 0x80,
  kPtrace = 0x100,
  kComm = 0x200,
};

/// Where things stand in a message: struct nlmsghdr, struct cn_msg and struct
/// proc_event one after the other, in host byte order. A fork has the parent where
/// others have the process that they happened to, and the child after it; so does the
/// tracer.
struct ProcEventOffset {
  static constexpr std::size_t kLength = 0;
  static constexpr std::size_t kIndex = 16;
  static constexpr std::size_t kAcknowledges = 28;
  static constexpr std::size_t kType = 36;
  static constexpr std::size_t kError = 52;
  static constexpr std::size_t kThread = 52;
  static constexpr std::size_t kProcess = 56;
  static constexpr std::size_t kChildThread = 60;
  static constexpr std::size_t kTracer = 60;
  static constexpr std::size_t kChildProcess = 64;
};

/// One event. Ids are those of the initial pid namespace: nobody else gets any.
struct ProcEvent {
  ProcEventType type{};
  pid_t thread = 0;                ///< The one that it happened to; of a fork the new one.
  pid_t process = 0;               ///< Whose thread that is.
  pid_t parent = 0;                ///< Of a fork: the parent's process.
  pid_t tracer = 0;                ///< Of an attachment: the tracer's thread; 0: it lets go.
  std::uint32_t acknowledges = 0;  ///< Of an acknowledgement: the request's number, plus one.
  std::uint32_t error = 0;         ///< Of an acknowledgement: an errno, or 0.
  bool operator==(const ProcEvent&) const = default;
};

/// Reads one message of the connector. nullopt if it is none, is cut short, or is of
/// a type that is not used. Pure.
std::optional<ProcEvent> ParseProcEvent(std::string_view message);

}  // namespace surety
