#include "agent/config_hook.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config_paths.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPolicyExample = "\"/etc/surety/policies.d\"";
constexpr std::string_view kHookExample = "\"/run/surety/hook.sock\"";
constexpr std::string_view kAuditExample = "\"/var/log/surety\"";
constexpr std::uint64_t kSmallestSegment = std::uint64_t{64} << 10;
constexpr std::uint64_t kLargestSegment = std::uint64_t{16} << 30;
constexpr Seconds kDay{86'400};

/// Something that has a folder, which the audit log may not have as well.
struct Owner {
  std::string_view name;
  const std::string& folder;
  Position at;
};

}  // namespace

void HookSections::Read(Config& config) {
  ReadPolicy(config.policy);
  ReadHook(config);
  ReadAudit(config.audit);
  ReadWatch(config.watch);
  CompareFolders(config);
}

void HookSections::ReadPolicy(PolicyConfig& out) {
  const auto* section = top_.Table("policy", "[policy]");
  if (section == nullptr) return;
  TomlTable table(*section, "[policy]", diagnostics_);
  read_.Path("dir", table.String("dir", kPolicyExample), kMaxPathBytes, out.dir);
  policy_at_ = table.At("dir");
  read_.Boolean(table, "beneath", out.beneath);
  if (out.beneath && !table.Has("dir"))
    diagnostics_.Warn(table.At("beneath"),
                      "beneath says nothing without dir: the built-in policy is the only one",
                      "set dir to the folder of your policies, or remove it");
  read_.Boolean(table, "monitor", out.monitor);
  read_.Boolean(table, "refuse_at_expiry", out.refuse_at_expiry);
  table.RefuseUnknownKeys();
}

void HookSections::ReadHook(Config& config) {
  HookConfig& out = config.hook;
  const auto* section = top_.Table("hook", "[hook]");
  if (section == nullptr) return;
  TomlTable table(*section, "[hook]", diagnostics_);
  if (!table.Has("socket"))
    diagnostics_.Error(table.at(), "[hook] has no socket, so nobody would be asked",
                       "add socket = " + std::string(kHookExample) + ", or remove the section");
  read_.SocketPath("socket", table.String("socket", kHookExample), kHookExample, out.socket);
  CompareSocket(table, config);
  read_.FineSpan(table, "timeout", "\"100ms\"", milliseconds(1), milliseconds(2'000), out.timeout);
  ReadOnFailure(table, out.refuse_on_failure);
  table.RefuseUnknownKeys();
}

void HookSections::ReadOnFailure(TomlTable& table, bool& out) {
  const auto word = table.String("on_failure", "\"undecided\"");
  if (!word) return;
  out = word->value == "refuse";
  if (!out && word->value != "undecided")
    diagnostics_.Error(word->at, "on_failure is " + Quoted(word->value),
                       "choose \"undecided\" or \"refuse\"; nothing lets a hook that fails allow");
}

// Whoever serves there is not the hook, but the daemon itself.
void HookSections::CompareSocket(const TomlTable& table, const Config& config) {
  const std::array<std::pair<std::string_view, const std::string*>, 2> others{
      {{"[workload_api]", &config.workload_api.socket.path},
       {"[admin]", &config.admin.socket.path}}};
  for (const auto& [name, path] : others) {
    if (config.hook.socket.empty() || !SamePath(*path, config.hook.socket)) continue;
    diagnostics_.Error(
        table.At("socket"),
        "[hook] and " + std::string(name) + " have the same socket, " + Quoted(*path),
        "name the socket that the hook listens on");
  }
}

void HookSections::ReadAudit(AuditConfig& out) {
  const auto* section = top_.Table("audit", "[audit]");
  if (section == nullptr) return;
  TomlTable table(*section, "[audit]", diagnostics_);
  read_.Path("dir", table.String("dir", kAuditExample), kMaxPathBytes, out.dir);
  audit_at_ = table.At("dir");
  read_.Size(table, "segment_size", "\"64MiB\"", kSmallestSegment, kLargestSegment,
             out.segment_size);
  ReadKeepSegments(table, out.keep_segments);
  read_.Span(table, "checkpoint_interval", "\"1m\"", Seconds(1), kDay, out.checkpoint_interval);
  table.RefuseUnknownKeys();
}

void HookSections::ReadKeepSegments(TomlTable& table, std::uint32_t& out) {
  read_.Count(table, "keep_segments", 0, out);
  if (out != 1) return;
  diagnostics_.Error(table.At("keep_segments"),
                     "keep_segments is 1, so hardly a record would be left when a segment begins",
                     "choose 2 or more, or 0 to keep all");
}

void HookSections::ReadWatch(WatchConfig& out) {
  const auto* section = top_.Table("watch", "[watch]");
  if (section == nullptr) return;
  TomlTable table(*section, "[watch]", diagnostics_);
  read_.FineSpan(table, "sweep_interval", "\"250ms\"", milliseconds(10), milliseconds(60'000),
                 out.sweep_interval);
  read_.Boolean(table, "events", out.events);
  table.RefuseUnknownKeys();
}

// It has old files removed and nobody else's files beside its own.
void HookSections::CompareFolders(const Config& config) {
  const std::string audit = AuditFolderOf(config);
  const std::array<Owner, 3> owners{{{"state_dir", config.state_dir, top_.At("state_dir")},
                                     {"entries_dir", config.entries_dir, top_.At("entries_dir")},
                                     {"dir of [policy]", config.policy.dir, policy_at_}}};
  for (const auto& [name, folder, at] : owners) {
    if (folder.empty() || !SameFolder(folder, audit)) continue;
    diagnostics_.Error(
        config.audit.dir.empty() ? at : audit_at_,
        "the folder of the audit log, " + Quoted(audit) + ", is " + std::string(name) + " as well",
        "give each a folder of its own, such as dir = " + std::string(kAuditExample) +
            " in [audit]");
  }
}

}  // namespace surety
