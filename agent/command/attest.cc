#include "agent/command/attest.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/command/entry_template.h"
#include "agent/command/json_text.h"
#include "attestors/printable.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kLook{250};
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kPatienceWithoutPermission{500};
constexpr std::size_t kMaxStatusBytes = 64UL * 1024;

// The daemon has the ids from the socket; here they come from /proc.
Result<Peer> FindPeer(pid_t pid, ProcessOpener& processes) {
  auto process = processes.OpenByPid(pid);
  if (!process && process.error().code() == ErrorCode::kPeerGone)
    return Error(ErrorCode::kPeerGone, "there is no process " + std::to_string(pid));
  if (!process) return process.error();
  const auto text = (*process)->ReadFile("status", kMaxStatusBytes);
  if (!text) return text.error();
  const auto status = ParseStatus(*text);
  if (!status) return status.error();
  return Peer{
      .process = *std::move(process), .uid = status->uid, .gid = status->gid, .connection_id = 0};
}

bool MayStillCome(const MissingFact& fact) {
  return fact.why.code() == ErrorCode::kUnavailable || fact.why.code() == ErrorCode::kDeadline;
}

bool LacksPermission(const Attestation& seen) {
  return std::any_of(seen.missing.begin(), seen.missing.end(), [](const MissingFact& fact) {
    return fact.why.code() == ErrorCode::kPermissionDenied;
  });
}

// Without permission for some facts, others that follow from them never come.
std::chrono::milliseconds Patience(const Attestation& seen, std::chrono::milliseconds timeout) {
  if (std::none_of(seen.missing.begin(), seen.missing.end(), MayStillCome)) return {};
  return LacksPermission(seen) ? std::min(timeout, kPatienceWithoutPermission) : timeout;
}

Result<Attestation> Look(const Peer& peer, std::chrono::milliseconds timeout,
                         const AttestParts& parts) {
  const BootTime begin = parts.clock.Now().boot;
  while (true) {
    const BootTime now = parts.clock.Now().boot;
    auto seen = AttestAll(parts.attestors, peer, now + kLook);
    if (!seen) return seen.error();
    if (now >= begin + Patience(*seen, timeout) || !parts.waiter.Wait(kPause)) return seen;
  }
}

void PrintText(const Peer& peer, const Attestation& seen, std::ostream& out) {
  out << "# Process " << peer.process->key().pid << ", uid " << peer.uid << ", gid " << peer.gid
      << "\n";
  if (!seen.complete()) out << "# Could not be looked at:\n";
  for (const MissingFact& fact : seen.missing)
    out << "#   " << Printable(fact.kind) << ": " << Printable(fact.why.Text()) << "\n";
  if (LacksPermission(seen))
    out << "# Run this as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.\n";
  out << EntryTemplate(seen);
}

void PrintJson(const Peer& peer, const Attestation& seen, std::ostream& out) {
  Json document{{"pid", peer.process->key().pid},
                {"uid", peer.uid},
                {"gid", peer.gid},
                {"complete", seen.complete()},
                {"selectors", Json::array()},
                {"missing", Json::array()}};
  for (const Selector& selector : seen.selectors) document["selectors"].push_back(selector.Text());
  for (const MissingFact& fact : seen.missing)
    document["missing"].push_back(
        {{"kind", fact.kind}, {"code", NameOf(fact.why.code())}, {"why", fact.why.Text()}});
  document["entry_toml"] = EntryTemplate(seen);
  out << JsonDocument(document);
}

}  // namespace

Result<void> Attest(const AttestFlags& flags, const AttestParts& parts, std::ostream& out) {
  const auto peer = FindPeer(flags.pid, parts.processes);
  if (!peer) return peer.error();
  const auto seen = Look(*peer, flags.timeout, parts);
  if (!seen) return seen.error();
  const auto print = flags.output == OutputFormat::kJson ? PrintJson : PrintText;
  print(*peer, *seen, out);
  return {};
}

}  // namespace surety
