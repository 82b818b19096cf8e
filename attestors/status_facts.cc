#include "attestors/status_facts.h"

#include <array>
#include <string>

#include "attestors/capability_names.h"

namespace surety {
namespace {

// In the order of kNamespaceNames.
constexpr std::array<std::string_view, kNamespaceNames.size()> kNamespaceSelectors = {
    "ns:cgroup:", "ns:ipc:", "ns:mnt:", "ns:net:", "ns:pid:", "ns:time:", "ns:user:", "ns:uts:"};

void AddCapabilities(std::uint64_t effective, std::string_view prefix, Findings& findings) {
  for (unsigned bit = 0; effective != 0; ++bit, effective >>= 1U) {
    if ((effective & 1U) != 0) findings.Add(prefix, CapabilityName(bit));
  }
}

Error WhyUnknown(const NamespaceLook& look) {
  return look.failed.value_or(
      Error(ErrorCode::kUnavailable, "the host's own namespaces could not be read at start"));
}

void AddComparison(std::string_view kind, std::optional<bool> shared, const NamespaceLook& look,
                   Findings& findings) {
  if (shared) {
    findings.Add(kind, *shared ? ":host" : ":other");
  } else {
    findings.Missing(kind, WhyUnknown(look));
  }
}

}  // namespace

void AddStatus(const ProcessStatus& status, std::optional<bool> on_host, Findings& findings) {
  findings.Add("uid:" + std::to_string(status.uid));
  findings.Add("gid:" + std::to_string(status.gid));
  for (const gid_t gid : status.groups) findings.Add("supplementary_gid:" + std::to_string(gid));
  if (status.tracer != 0) findings.Add("traced:true");
  if (status.no_new_privs) findings.Add("no_new_privs");
  if (on_host) {
    AddCapabilities(status.cap_effective, *on_host ? "cap:" : "userns_cap:", findings);
  } else {
    findings.Missing("cap",
                     Error(ErrorCode::kUnavailable, "not known which user namespace they are for"));
  }
}

void AddMissingStatus(const Error& why, Findings& findings) {
  for (const auto* kind : {"uid", "gid", "user", "group", "supplementary_gid",
                           "supplementary_group", "traced", "tracer_uid", "no_new_privs", "cap"})
    findings.Missing(kind, why);
}

void AddNamespaces(const NamespaceLook& look, const Namespaces& host, Findings& findings) {
  const Namespaces& own = look.namespaces;
  for (std::size_t i = 0; i < kNamespaceNames.size(); ++i) {
    if (const auto inode = own.Get(static_cast<NamespaceKind>(i)))
      findings.Add(kNamespaceSelectors.at(i), std::to_string(*inode));
  }
  if (look.failed) findings.Missing("ns", *look.failed);
  AddComparison("pidns", own.Shares(NamespaceKind::kPid, host), look, findings);
  AddComparison("userns", own.Shares(NamespaceKind::kUser, host), look, findings);
  if (const auto container = own.InContainer(host)) {
    findings.Add(*container ? "container:some" : "container:none");
  } else {
    findings.Missing("container", WhyUnknown(look));
  }
}

}  // namespace surety
