#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// The kinds of namespace (namespaces(7)), as they are named under /proc/PID/ns.
enum class NamespaceKind { kCgroup, kIpc, kMnt, kNet, kPid, kTime, kUser, kUts };
inline constexpr std::array<std::string_view, 8> kNamespaceNames = {
    "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

/// The inodes that name a process's namespaces; nullopt where the kernel has no
/// such kind, or where it could not be read.
class Namespaces {
 public:
  using Inode = std::optional<std::uint64_t>;
  [[nodiscard]] Inode Get(NamespaceKind kind) const { return inodes_.at(Index(kind)); }
  void Set(NamespaceKind kind, std::uint64_t inode) { inodes_.at(Index(kind)) = inode; }

  /// Whether both are in the same namespace of this kind; nullopt if either is
  /// not known.
  [[nodiscard]] std::optional<bool> Shares(NamespaceKind kind, const Namespaces& other) const;

  /// Whether a process with these namespaces counts as one in a container, seen
  /// from `host`: its pid namespace is another one, or its user namespace, or
  /// both its mount and its cgroup namespace. A mount namespace alone does not
  /// count, since service managers give one to ordinary services.
  ///
  /// "No" cannot be forged by a workload: none of these can be left for the
  /// host's without privileges over the host. "Yes" can, wherever the kernel lets
  /// users make namespaces. A container that was given the host's pid, user and
  /// cgroup namespace counts as none. nullopt if it could not be told.
  [[nodiscard]] std::optional<bool> InContainer(const Namespaces& host) const;

 private:
  static std::size_t Index(NamespaceKind kind) { return static_cast<std::size_t>(kind); }
  std::array<Inode, kNamespaceNames.size()> inodes_;
};

/// What a look at all of them found.
struct NamespaceLook {
  Namespaces namespaces;
  std::optional<Error> failed;  ///< Why at least one could not be read.
};

/// kPeerGone if the process has exited.
Result<NamespaceLook> ReadNamespaces(const ProcessHandle& process);

}  // namespace surety
