#include "agent/config.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <utility>

#include "agent/config_builder.h"
#include "agent/identity/toml_reader.h"
#include "agent/identity/trusted_file.h"

namespace surety {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxAccountBytes = std::size_t{1} << 20;

/// Calls a getXXnam_r(3) with a buffer that grows until the answer fits.
template <typename Record, typename Lookup>
std::optional<Record> Find(const std::string& name, Lookup lookup) {
  for (std::vector<char> buffer(4096); buffer.size() <= kMaxAccountBytes;
       buffer.resize(buffer.size() * 4)) {
    Record record{};
    Record* found = nullptr;
    const int failed = lookup(name.c_str(), &record, buffer.data(), buffer.size(), &found);
    if (failed == ERANGE) continue;
    if (failed != 0 || found == nullptr) return std::nullopt;
    return record;
  }
  return std::nullopt;
}

}  // namespace

AccountIds SystemAccountIds() {
  return {[](const std::string& name) -> std::optional<uid_t> {
            const auto record = Find<passwd>(name, ::getpwnam_r);
            if (!record) return std::nullopt;
            return record->pw_uid;
          },
          [](const std::string& name) -> std::optional<gid_t> {
            const auto record = Find<group>(name, ::getgrnam_r);
            if (!record) return std::nullopt;
            return record->gr_gid;
          }};
}

std::optional<Config> ParseConfig(std::string_view file, std::string_view text,
                                  const ConfigOverrides& overrides, const AccountIds& accounts,
                                  Diagnostics& diagnostics) {
  FileDiagnostics here(file, diagnostics);
  const std::size_t errors = diagnostics.errors();
  const auto parsed = ParseToml(text, here);
  if (!parsed) return std::nullopt;
  auto config = ConfigBuilder(*parsed, overrides, accounts, here).Build();
  if (diagnostics.errors() != errors) return std::nullopt;
  return config;
}

std::optional<Config> LoadConfig(const std::string& file, const ConfigOverrides& overrides,
                                 Diagnostics& diagnostics) {
  FileDiagnostics here(file, diagnostics);
  const auto text = ReadTrustedFile(kMaxConfigBytes, here);
  if (!text) return std::nullopt;
  return ParseConfig(file, *text, overrides, SystemAccountIds(), diagnostics);
}

std::string AuditFolderOf(const Config& config) {
  return config.audit.dir.empty() ? config.state_dir + "/audit" : config.audit.dir;
}

EntryRules EntryRulesOf(const Config& config, std::vector<std::string> known_selectors) {
  // How long an operator's CA lives is told by its certificate, not by ca_ttl.
  for (const PluginConfig& plugin : config.plugins) known_selectors.push_back(plugin.name);
  const Seconds longest = config.x509.ca_files ? kMaxX509Ttl : config.x509.ca_ttl;
  EntryRules rules{config.trust_domain,        config.x509.ttl, longest,
                   std::move(known_selectors), config.jwt.ttl,  config.wit.ttl};
  if (config.bundle_endpoint) rules.endpoint_id = config.bundle_endpoint->spiffe_id;
  return rules;
}

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "unknown";
}

}  // namespace surety
