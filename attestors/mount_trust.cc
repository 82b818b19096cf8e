#include "attestors/mount_trust.h"

#include <optional>
#include <string>

#include "attestors/file_identity.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

constexpr std::size_t kMaxMountInfo = 8UL << 20U;
constexpr std::size_t kMaxKnown = 4096;

bool IsFuse(std::string_view type) {
  return type == "fuse" || type == "fuseblk" || type.starts_with("fuse.") ||
         type.starts_with("fuseblk.");
}

Result<std::optional<std::string>> MountType(const ProcessHandle& process, std::uint64_t mount) {
  const auto table = process.ReadFile("mountinfo", kMaxMountInfo);
  if (!table) return table.error();
  return FindMountType(*table, mount);
}

}  // namespace

Result<bool> MountTrust::Trusts(const ProcessHandle& process, int exe,
                                std::optional<std::uint64_t> unique_mount, bool on_host) {
  if (unique_mount) {
    const std::lock_guard lock(mutex_);
    if (trusted_.contains(*unique_mount)) return true;
  }
  auto trusted = LookUp(process, exe, on_host);
  // "No" may mean "seen from a process that does not have this mount": not kept.
  if (unique_mount && trusted && *trusted) {
    const std::lock_guard lock(mutex_);
    if (trusted_.size() >= kMaxKnown) trusted_.clear();
    trusted_.insert(*unique_mount);
  }
  return trusted;
}

Result<bool> MountTrust::LookUp(const ProcessHandle& process, int exe, bool on_host) const {
  const auto facts = LookAtFile(exe, MountIdKind::kListed);
  if (!facts) return facts.error();
  // A memfd lies on a mount of the kernel's own, which no table lists.
  if (facts->identity.device == host_.memfd_device) return true;

  if (!facts->mount_id)
    return Error(ErrorCode::kUnavailable, "this kernel does not tell mount ids (5.8 does)");

  for (const auto& owner : host_.mount_owners) {
    const auto type = MountType(*owner, *facts->mount_id);
    if (type && *type) return !IsFuse(**type);
  }
  if (!on_host) return false;
  const auto type = MountType(process, *facts->mount_id);
  // As many mounts as that are the workload's own doing.
  if (!type && type.error().code() == ErrorCode::kResourceExhausted) return false;
  if (!type) return type.error();
  return *type && !IsFuse(**type);
}

}  // namespace surety
