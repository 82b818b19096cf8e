#include "attestors/namespaces.h"

#include "attestors/proc_text.h"

namespace surety {
namespace {

// In the order of kNamespaceNames.
constexpr std::array<std::string_view, kNamespaceNames.size()> kLinks = {
    "ns/cgroup", "ns/ipc", "ns/mnt", "ns/net", "ns/pid", "ns/time", "ns/user", "ns/uts"};

}  // namespace

std::optional<bool> Namespaces::Shares(NamespaceKind kind, const Namespaces& other) const {
  const Inode mine = Get(kind);
  const Inode theirs = other.Get(kind);
  if (!mine || !theirs) return std::nullopt;
  return *mine == *theirs;
}

std::optional<bool> Namespaces::InContainer(const Namespaces& host) const {
  const auto pid = Shares(NamespaceKind::kPid, host);
  const auto user = Shares(NamespaceKind::kUser, host);
  const auto mount = Shares(NamespaceKind::kMnt, host);
  const auto cgroup = Shares(NamespaceKind::kCgroup, host);
  if (!pid || !user || !mount || !cgroup) return std::nullopt;
  return !*pid || !*user || (!*mount && !*cgroup);
}

Result<NamespaceLook> ReadNamespaces(const ProcessHandle& process) {
  NamespaceLook look;
  for (std::size_t i = 0; i < kNamespaceNames.size(); ++i) {
    const auto link = process.ReadLink(kLinks.at(i));
    if (!link) {
      if (link.error().code() == ErrorCode::kPeerGone) return link.error();
      if (link.error().code() != ErrorCode::kNotFound) look.failed = link.error();
      continue;
    }
    const auto inode = ParseNamespaceLink(*link, kNamespaceNames.at(i));
    if (inode) {
      look.namespaces.Set(static_cast<NamespaceKind>(i), *inode);
    } else {
      look.failed = inode.error();
    }
  }
  return look;
}

}  // namespace surety
