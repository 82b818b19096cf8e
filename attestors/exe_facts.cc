#include "attestors/exe_facts.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "attestors/boot_now.h"
#include "attestors/printable.h"

namespace surety {
namespace {

BootClock::duration Left(BootTime end) {
  return std::max(BootClock::duration::zero(), end - BootNow());
}

// The kernel adds this to the name of a file without one. A file whose real name
// ends like that has links, and is left as it is.
constexpr std::string_view kDeleted = " (deleted)";

bool IsMemfd(const HostView& host, const FileFacts& file, std::string_view name) {
  // Of huge pages, a memfd lies on another device: then its name tells.
  return file.identity.device == host.memfd_device || name.starts_with("/memfd:");
}

}  // namespace

ExeFacts::ExeFacts(const HostView& host, const ExeHashLimits& limits,
                   const BackgroundLookup<std::string, bool>::Now& now)
    : host_(host), mounts_(host), paths_(host.root, now), hasher_(limits, now) {}

Result<void> ExeFacts::Add(const ProcessHandle& process, int exe, std::optional<bool> on_host,
                           uid_t share, BootTime patience_end, Findings& findings) {
  if (!on_host) {
    const Error why(ErrorCode::kUnavailable,
                    "not known whether the process is in the host's user namespace");
    for (const auto* kind : {"path", "sha256", "exe"}) findings.Missing(kind, why);
    return {};
  }
  const auto file = LookAtFile(exe, MountIdKind::kUnique);
  if (!file) {
    for (const auto* kind : {"path", "sha256", "exe"}) findings.Missing(kind, file.error());
    return {};
  }
  AddPath(exe, *file, *on_host, share, patience_end, findings);
  return AddHash(process, exe, *file, *on_host, share, patience_end, findings);
}

void ExeFacts::AddPath(int exe, const FileFacts& file, bool on_host, uid_t share,
                       BootTime patience_end, Findings& findings) {
  auto name = NameOfOpenFile(exe);
  if (!name) {
    findings.Missing("path", name.error());
    if (file.links == 0) findings.Missing("exe", name.error());
    return;
  }
  if (file.links == 0) {
    findings.Add(IsMemfd(host_, file, *name) ? "exe:memfd" : "exe:deleted");
    if (name->ends_with(kDeleted)) name->resize(name->size() - kDeleted.size());
    findings.Add("claimed_path:" + Printable(*name));
    return;
  }
  const auto leads = on_host ? paths_.LeadsTo(*name, file.identity, share, Left(patience_end))
                             : Result<bool>(false);
  if (leads) {
    findings.Add((*leads ? "path:" : "claimed_path:") + Printable(*name));
  } else {
    findings.Missing("path", leads.error());
  }
}

Result<void> ExeFacts::AddHash(const ProcessHandle& process, int exe, const FileFacts& file,
                               bool on_host, uid_t share, BootTime patience_end,
                               Findings& findings) {
  const auto trusted = mounts_.Trusts(process, exe, file.mount_id, on_host);
  if (!trusted && trusted.error().code() == ErrorCode::kPeerGone) return trusted.error();
  const auto hash = !trusted   ? Result<ExeHasher::Hash>(trusted.error())
                    : *trusted ? hasher_.Sha256(exe, file.identity, share, Left(patience_end))
                               : Result<ExeHasher::Hash>(ExeHasher::Hash());
  if (!hash) {
    findings.Missing("sha256", hash.error());
  } else if (*hash) {
    findings.Add((on_host ? "sha256:" : "claimed_sha256:") + **hash);
  } else {
    findings.Add("exe:unhashed");
  }
  return {};
}

}  // namespace surety
