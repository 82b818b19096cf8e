#include "agent/watch/event_filter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "agent/watch/proc_event.h"

namespace surety {
namespace {

using Offset = ProcEventOffset;
using Type = ProcEventType;

constexpr std::array kTypes{Type::kExec, Type::kUid, Type::kGid, Type::kSid, Type::kPtrace};
constexpr std::uint32_t kWhole = 0xFFFFFFFF;
// Up to here values are compared one after the other: shorter than a tree.
constexpr std::size_t kLeaf = 16;

// A load swaps bytes, as if all messages came in network order. So what it is
// compared with, and the order of a search, is that of the swapped value.
std::uint32_t Loaded(pid_t pid) { return htonl(static_cast<std::uint32_t>(pid)); }
std::uint32_t Loaded(Type type) { return htonl(static_cast<std::uint32_t>(type)); }

sock_filter Load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter Answer(bool pass) { return BPF_STMT(BPF_RET | BPF_K, pass ? kWhole : 0); }
// Skips so many instructions if the value is equal, or at least as large.
sock_filter IfEqual(std::uint32_t value, std::size_t skip, std::size_t otherwise = 0) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, static_cast<std::uint8_t>(skip),
                  static_cast<std::uint8_t>(otherwise));
}
sock_filter IfAtLeast(std::uint32_t value, std::size_t skip, std::size_t otherwise = 0) {
  return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, static_cast<std::uint8_t>(skip),
                  static_cast<std::uint8_t>(otherwise));
}
sock_filter Skip(std::size_t count) {
  return BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(count));
}

void Append(SocketFilter& filter, const SocketFilter& part) {
  filter.insert(filter.end(), part.begin(), part.end());
}

// Passes if the loaded value is one of these, which are in order.
SocketFilter Search(std::span<const std::uint32_t> values) {
  SocketFilter filter;
  if (values.size() <= kLeaf) {
    for (std::size_t i = 0; i < values.size(); ++i)
      filter.push_back(IfEqual(values[i], values.size() - i));
    filter.push_back(Answer(false));
    filter.push_back(Answer(true));
    return filter;
  }
  const auto middle = values.size() / 2;
  const auto lower = Search(values.first(middle));
  // A conditional jump reaches 255 instructions far, an unconditional one everywhere.
  filter.push_back(IfAtLeast(values[middle], 0, 1));
  filter.push_back(Skip(lower.size()));
  Append(filter, lower);
  Append(filter, Search(values.subspan(middle)));
  return filter;
}

// Passes acknowledgements and our own renaming; goes on with the type loaded.
SocketFilter Beginning(pid_t own_thread) {
  return {Load(Offset::kType),
          IfEqual(Loaded(Type::kAcknowledgement), 3),
          IfEqual(Loaded(Type::kComm), 0, 4),
          Load(Offset::kThread),
          IfEqual(Loaded(own_thread), 0, 1),
          Answer(true),
          Answer(false)};
}

std::vector<std::uint32_t> LoadedInOrder(const std::vector<pid_t>& processes) {
  std::vector<std::uint32_t> values;
  values.reserve(processes.size());
  for (const auto pid : processes) values.push_back(Loaded(pid));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

SocketFilter FollowedFilter(const std::vector<pid_t>& processes, pid_t own_thread) {
  auto filter = Beginning(own_thread);
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    filter.push_back(IfEqual(Loaded(kTypes.at(i)), kTypes.size() - i));
  filter.push_back(Answer(false));
  if (processes.size() > kMostFiltered) {
    filter.push_back(Answer(true));
    return filter;
  }
  filter.push_back(Load(Offset::kProcess));
  Append(filter, Search(LoadedInOrder(processes)));
  return filter;
}

SocketFilter BirthFilter(pid_t own_thread) {
  auto filter = Beginning(own_thread);
  Append(filter, {IfEqual(Loaded(Type::kFork), 1), Answer(false), Load(Offset::kChildThread),
                  BPF_STMT(BPF_MISC | BPF_TAX, 0), Load(Offset::kChildProcess),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), Answer(true), Answer(false)});
  return filter;
}

}  // namespace surety
