#include "attestors/namespace_tree.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace surety {
namespace {

constexpr int kMostNested = 64;  // The kernel has a limit of 32.

Error Failed(const char* what) {
  return {ErrorCode::kUnavailable, std::string(what) + ": " + std::strerror(errno)};
}

Result<std::uint64_t> InodeOf(const UniqueFd& place) {
  struct stat seen {};
  if (::fstat(place.get(), &seen) != 0) return Failed("looking at a namespace");
  return std::uint64_t{seen.st_ino};
}

Result<UniqueFd> Open(const ProcessHandle& process, std::string_view name) {
  const auto* const namespaced = dynamic_cast<const NamespacedProcess*>(&process);
  if (namespaced == nullptr)
    return Error(ErrorCode::kUnavailable, "the namespaces of this handle cannot be held");
  return namespaced->OpenNamespace(name);
}

// Nothing if there is none, or none that the daemon may see.
Result<UniqueFd> Above(const UniqueFd& place) {
  UniqueFd above(::ioctl(place.get(), NS_GET_PARENT));
  if (!above && errno != EPERM) return Failed("asking for the namespace above");
  return above;
}

}  // namespace

Result<bool> IsInPidNamespace(const ProcessHandle& process, std::uint64_t above) {
  auto place = Open(process, "ns/pid");
  if (!place) return place.error();
  for (int depth = 0; depth < kMostNested && *place; ++depth) {
    const auto inode = InodeOf(*place);
    if (!inode) return inode.error();
    if (*inode == above) return true;
    place = Above(*place);
    if (!place) return place.error();
  }
  return false;
}

Result<std::optional<uid_t>> UserNamespaceMaker(const ProcessHandle& process, std::uint64_t host) {
  auto place = Open(process, "ns/user");
  if (!place) return place.error();
  std::optional<uid_t> maker;
  for (int depth = 0; depth < kMostNested && *place; ++depth) {
    const auto inode = InodeOf(*place);
    if (!inode) return inode.error();
    if (*inode == host) return maker;
    uid_t uid = 0;
    if (::ioctl(place->get(), NS_GET_OWNER_UID, &uid) != 0)
      return Failed("asking who made a user namespace");
    maker = uid;
    place = Above(*place);
    if (!place) return place.error();
  }
  return Error(ErrorCode::kUnavailable, "its user namespace does not lie in the daemon's");
}

}  // namespace surety
