#include "attestors/unix_attestor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/namespaces.h"
#include "attestors/printable.h"
#include "attestors/running_executable.h"
#include "attestors/status_facts.h"

namespace surety {
namespace {

constexpr std::size_t kMaxStatus = 64UL * 1024;
constexpr std::size_t kMaxLabel = 4096;
constexpr int kTries = 3;

bool IsGone(const Error& error) { return error.code() == ErrorCode::kPeerGone; }

Error GoneError(const ProcessHandle& process) {
  return {ErrorCode::kPeerGone, "process " + std::to_string(process.key().pid) + " has exited"};
}

BootClock::duration Left(BootTime end) {
  return std::max(BootClock::duration::zero(), end - BootNow());
}

Result<void> AddLabel(const ProcessHandle& process, Findings& findings) {
  auto label = process.ReadFile("attr/current", kMaxLabel);
  if (!label) {
    if (IsGone(label.error())) return label.error();
    if (label.error().code() != ErrorCode::kNotFound) findings.Missing("lsm", label.error());
    return {};
  }
  while (label->ends_with('\n') || label->ends_with('\0')) label->pop_back();
  if (!label->empty()) findings.Add("lsm:" + Printable(*label));
  return {};
}

bool SameExecutable(const Result<RunningExecutable>& before, const Result<FileFacts>& after) {
  if (!before || !after) return before.has_value() == after.has_value();
  return before->facts.identity.SameFile(after->identity);
}

void AddName(std::string_view kind, const Result<AccountNames::Name>& name, Findings& findings) {
  if (!name) {
    findings.Missing(kind, name.error());
  } else if (*name && !(*name)->empty()) {
    findings.Add(std::string(kind) + ":" + Printable(**name));
  }
}

void LeaveOutGroups(ProcessStatus& status, Findings& findings) {
  const Error why(ErrorCode::kResourceExhausted,
                  "the process is in " + std::to_string(status.groups.size()) + " groups");
  findings.Missing("supplementary_gid", why);
  findings.Missing("supplementary_group", why);
  status.groups.clear();
}

Result<ProcessStatus> ReadStatus(const ProcessHandle& process) {
  const auto text = process.ReadFile("status", kMaxStatus);
  if (!text) return text.error();
  return ParseStatus(*text);
}

}  // namespace

UnixAttestor::UnixAttestor(UnixAttestorOptions options, HostView host)
    : options_(std::move(options)),
      host_(std::move(host)),
      names_(options_.accounts, BootNow),
      exe_(host_, options_.hash, BootNow),
      environment_(BootNow) {}

std::vector<std::string> UnixAttestor::selector_kinds() const {
  return {"unix:uid",
          "unix:gid",
          "unix:user",
          "unix:group",
          "unix:supplementary_gid",
          "unix:supplementary_group",
          "unix:path",
          "unix:sha256",
          "unix:claimed_path",
          "unix:claimed_sha256",
          "unix:exe",
          "unix:ns",
          "unix:pidns",
          "unix:userns",
          "unix:container",
          "unix:cap",
          "unix:userns_cap",
          "unix:traced",
          "unix:tracer_uid",
          "unix:env",
          "unix:no_new_privs",
          "unix:lsm"};
}

Result<Attestation> UnixAttestor::Attest(const Peer& peer, BootTime deadline) const {
  const BootTime patience_end = std::min(deadline, BootNow() + options_.patience);
  for (int i = 0; i < kTries; ++i) {
    auto look = LookOnce(peer, patience_end);
    if (!look) return look.error();
    if (!*look) continue;
    if (!peer.process->IsAlive()) return GoneError(*peer.process);
    return **std::move(look);
  }
  Attestation unsettled;
  unsettled.missing.push_back(
      {"unix", Error(ErrorCode::kUnavailable,
                     "the process runs one executable after another, faster than it can be read")});
  return unsettled;
}

Result<std::optional<Attestation>> UnixAttestor::LookOnce(const Peer& peer,
                                                          BootTime patience_end) const {
  const ProcessHandle& process = *peer.process;
  Findings findings(name());
  const auto exe = OpenRunningExecutable(process);
  if (!exe && IsGone(exe.error())) return exe.error();

  // The user namespace after the status: it can be left only for a lesser one,
  // so capabilities read first are never taken for those of the host's.
  auto status = ReadStatus(process);
  if (!status && IsGone(status.error())) return status.error();
  const auto look = ReadNamespaces(process);
  if (!look) return look.error();
  const auto on_host = look->namespaces.Shares(NamespaceKind::kUser, host_.namespaces);

  if (status) {
    const auto added = AddStatus(peer, *std::move(status), on_host, patience_end, findings);
    if (!added) return added.error();
  } else {
    AddMissingStatus(status.error(), findings);
  }
  AddNamespaces(*look, host_.namespaces, findings);
  if (host_.has_labels) {
    if (const auto label = AddLabel(process, findings); !label) return label.error();
  }
  const auto environment = environment_.Add(peer.process, peer.uid, patience_end, findings);
  if (!environment) return environment.error();
  if (exe) {
    const auto added =
        exe_.Add({process, exe->file.get(), exe->facts, on_host,
                  look->namespaces.InContainer(host_.namespaces), peer.uid, patience_end},
                 findings);
    if (!added) return added.error();
  } else {
    for (const auto* kind : {"path", "sha256", "exe"}) findings.Missing(kind, exe.error());
  }

  const auto exe_after = LookAtRunningExecutable(process);
  if (!exe_after && IsGone(exe_after.error())) return exe_after.error();
  if (!SameExecutable(exe, exe_after)) return std::optional<Attestation>();
  auto found = std::move(findings).Finish();
  if (exe) found.executable = ExecutableFile{exe->facts.identity.device, exe->facts.identity.inode};
  return std::optional(std::move(found));
}

Result<void> UnixAttestor::AddStatus(const Peer& peer, ProcessStatus status,
                                     std::optional<bool> on_host, BootTime patience_end,
                                     Findings& findings) const {
  if (status.groups.size() > options_.max_groups) LeaveOutGroups(status, findings);
  surety::AddStatus(status, on_host, findings);
  AddFormerTracer(*peer.process, findings);
  AddNames(status, peer.uid, patience_end, findings);
  if (status.tracer == 0) return {};
  const auto uid = UidOfTracer(*peer.process, status.tracer, options_.real_uid_of);
  if (uid) {
    findings.Add("tracer_uid:" + std::to_string(*uid));
  } else if (IsGone(uid.error())) {
    return uid.error();
  } else {
    findings.Missing("tracer_uid", uid.error());
  }
  return {};
}

void UnixAttestor::AddFormerTracer(const ProcessHandle& process, Findings& findings) const {
  const auto former = options_.tracers ? options_.tracers->Find(process.key()) : std::nullopt;
  if (!former) return;
  findings.Add("traced:true");
  if (*former) findings.Add("tracer_uid:" + std::to_string(**former));
}

void UnixAttestor::AddNames(const ProcessStatus& status, uid_t share, BootTime patience_end,
                            Findings& findings) const {
  AddName("user", names_.User(status.uid, share, Left(patience_end)), findings);
  AddName("group", names_.Group(status.gid, share, Left(patience_end)), findings);
  for (const gid_t gid : status.groups)
    AddName("supplementary_group", names_.Group(gid, share, Left(patience_end)), findings);
}

void UnixAttestor::Forget(const Peer& peer) const {
  const ProcessHandle& process = *peer.process;
  environment_.Forget(process, peer.uid);
  if (const auto exe = OpenRunningExecutable(process))
    exe_.Forget(exe->file.get(), exe->facts, peer.uid);
  const auto status = ReadStatus(process);
  if (!status) return;
  names_.ForgetUser(status->uid, peer.uid);
  names_.ForgetGroup(status->gid, peer.uid);
  for (const gid_t gid : status->groups) names_.ForgetGroup(gid, peer.uid);
}

}  // namespace surety
