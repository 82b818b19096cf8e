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
    : host_(host),
      mounts_(host),
      paths_(host.root, now),
      replaced_(host.root, now),
      hasher_(limits, now) {}

Result<void> ExeFacts::Add(const Look& look, Findings& findings) {
  if (!look.on_host) {
    const Error why(ErrorCode::kUnavailable,
                    "not known whether the process is in the host's user namespace");
    for (const auto* kind : {"path", "sha256", "exe"}) findings.Missing(kind, why);
    return {};
  }
  AddPath(look, *look.on_host, findings);
  return AddHash(look, *look.on_host, findings);
}

void ExeFacts::AddPath(const Look& look, bool on_host, Findings& findings) {
  auto name = NameOfOpenFile(look.exe);
  if (!name) {
    findings.Missing("path", name.error());
    if (look.file.links == 0) findings.Missing("exe", name.error());
    return;
  }
  if (look.file.links == 0) return AddDeleted(look, *std::move(name), findings);
  const auto leads =
      on_host ? paths_.LeadsTo(*name, look.file.identity, look.share, Left(look.patience_end))
              : Result<bool>(false);
  if (!leads) {
    findings.Missing("path", leads.error());
  } else if (*leads) {
    findings.Add("path:", Printable(*name));
  } else if (name->ends_with(kDeleted)) {
    // The name is gone and a hard link of the file is left, as in the midst of an upgrade.
    AddDeleted(look, *std::move(name), findings);
  } else {
    findings.Add("claimed_path:", Printable(*name));
  }
}

void ExeFacts::AddDeleted(const Look& look, std::string name, Findings& findings) {
  if (name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
  findings.Add("claimed_path:", Printable(name));
  if (IsMemfd(host_, look.file, name)) return findings.Add("exe:memfd");
  findings.Add("exe:deleted");
  if (look.on_host != true || look.in_container != false) return;
  const auto replaced =
      replaced_.IsReplaced(name, look.file.identity, look.share, Left(look.patience_end));
  if (!replaced) {
    findings.Missing("exe", replaced.error());
  } else if (*replaced) {
    findings.Add("exe:replaced");
  }
}

Result<void> ExeFacts::AddHash(const Look& look, bool on_host, Findings& findings) {
  const auto trusted = mounts_.Trusts(look.process, look.exe, look.file.mount_id, on_host);
  if (!trusted && trusted.error().code() == ErrorCode::kPeerGone) return trusted.error();
  const auto hash =
      !trusted   ? Result<ExeHasher::Hash>(trusted.error())
      : *trusted ? hasher_.Sha256(look.exe, look.file.identity, look.share, Left(look.patience_end))
                 : Result<ExeHasher::Hash>(ExeHasher::Hash());
  if (!hash) {
    findings.Missing("sha256", hash.error());
  } else if (*hash) {
    findings.Add(on_host ? "sha256:" : "claimed_sha256:", **hash);
  } else {
    findings.Add("exe:unhashed");
  }
  return {};
}

void ExeFacts::Forget(int exe, const FileFacts& file, uid_t share) {
  hasher_.Forget(file.identity, share);
  auto name = NameOfOpenFile(exe);
  if (!name) return;
  paths_.Forget(*name, file.identity, share);
  if (name->ends_with(kDeleted)) name->resize(name->size() - kDeleted.size());
  replaced_.Forget(*name, file.identity, share);
}

}  // namespace surety
