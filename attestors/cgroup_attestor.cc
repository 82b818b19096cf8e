#include "attestors/cgroup_attestor.h"

#include <string>
#include <utility>

#include "attestors/findings.h"
#include "attestors/printable.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

// A path is at most PATH_MAX; hosts have about a dozen hierarchies.
constexpr std::size_t kMaxCgroups = 256UL * 1024;

void AddPaths(const std::vector<CgroupLine>& lines, Findings& findings) {
  for (const auto& line : lines) {
    if (line.controllers.empty()) {
      findings.Add("path:" + Printable(line.path));
    } else if (line.path != "/") {
      findings.Add("path:" + Printable(line.controllers) + ":" + Printable(line.path));
    }
  }
}

}  // namespace

Result<Attestation> CgroupAttestor::Attest(const Peer& peer, BootTime /*deadline*/) const {
  const ProcessHandle& process = *peer.process;
  Findings findings(name());
  const auto text = process.ReadFile("cgroup", kMaxCgroups);
  if (!text && text.error().code() == ErrorCode::kPeerGone) return text.error();
  const auto lines = text ? ParseCgroups(*text) : text.error();
  if (lines) {
    AddPaths(*lines, findings);
  } else {
    findings.Missing("path", lines.error());
  }

  const auto id = process.CgroupId();
  if (id) {
    findings.Add("id:" + std::to_string(*id));
  } else if (id.error().code() == ErrorCode::kPeerGone) {
    return id.error();
  } else if (id.error().code() != ErrorCode::kNotFound) {
    findings.Missing("id", id.error());
  }
  if (!process.IsAlive())
    return Error(ErrorCode::kPeerGone,
                 "process " + std::to_string(process.key().pid) + " has exited");
  return std::move(findings).Finish();
}

}  // namespace surety
