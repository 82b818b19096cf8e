#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "agent/config.h"

namespace {

const surety::AccountIds kAccounts{.user = [](const std::string& name) -> std::optional<uid_t> {
                                     return name == "root" ? std::optional<uid_t>(0) : std::nullopt;
                                   },
                                   .group = [](const std::string& name) -> std::optional<gid_t> {
                                     return name == "root" ? std::optional<gid_t>(0) : std::nullopt;
                                   }};

void CheckSocket(const surety::SocketConfig& socket) {
  if (!socket.path.starts_with('/') || socket.path.size() > 107) std::abort();
  if (socket.mode > 0777) std::abort();
}

void CheckHook(const surety::Config& config) {
  const std::string& policies = config.policy.dir;
  const std::string audit = surety::AuditFolderOf(config);
  if (!policies.empty() && !policies.starts_with('/')) std::abort();
  if (!audit.starts_with('/') || audit == config.entries_dir || audit == policies) std::abort();
  if (config.audit.segment_size < 65'536 || config.audit.keep_segments == 1) std::abort();
  const auto sweep = config.watch.sweep_interval;
  if (sweep < std::chrono::milliseconds(10) || sweep > std::chrono::seconds(60)) std::abort();
}

}  // namespace

// Whatever is taken keeps the promises of Config, what is not taken has a reason,
// and every reason can be shown on a terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  surety::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = surety::ParseConfig("fuzz.toml", text, {}, kAccounts, diagnostics);
  if (config.has_value() == diagnostics.has_errors()) std::abort();
  for (const auto& item : diagnostics.items())
    for (const char c : surety::Render(item))
      if ((c < ' ' && c != '\n') || c > '~') std::abort();
  if (!config) return 0;
  CheckSocket(config->workload_api.socket);
  CheckSocket(config->admin.socket);
  if (config->workload_api.socket.path == config->admin.socket.path) std::abort();
  if (!config->x509.ca_files && config->x509.ca_ttl < 4 * config->x509.ttl) std::abort();
  const std::string& crl_file = config->x509.crl_file;
  if (!crl_file.empty() && (!crl_file.starts_with('/') || crl_file.ends_with('/'))) std::abort();
  if (config->x509.crl_validity < std::chrono::seconds(60)) std::abort();
  CheckHook(*config);
  if (!config->state_dir.starts_with('/') || !config->entries_dir.starts_with('/')) std::abort();
  return 0;
}
