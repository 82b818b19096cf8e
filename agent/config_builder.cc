#include "agent/config_builder.h"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "agent/config_endpoint.h"
#include "agent/config_engines.h"
#include "agent/config_federation.h"
#include "agent/config_hook.h"
#include "agent/config_metrics.h"
#include "agent/config_paths.h"
#include "agent/config_plugins.h"
#include "agent/config_sds.h"
#include "agent/config_sinks.h"
#include "agent/config_systemd.h"
#include "agent/identity/duration_text.h"
#include "agent/identity/entries_file.h"
#include "agent/identity/nearest_name.h"

namespace surety {
namespace {

constexpr std::size_t kMaxAllowedUids = 1000;
constexpr int kSvidsPerCa = 4;
constexpr int kTokensPerKey = 4;
constexpr Seconds kDay{86'400};
constexpr Seconds kShortestCrl{60};
constexpr Seconds kLongestCrl{7 * 86'400};
constexpr std::string_view kCrlExample = "\"/run/surety/crl.pem\"";

constexpr std::array<LogLevel, 4> kLogLevels{LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn,
                                             LogLevel::kError};

/// A value, where it stands, and what to call it in an error.
struct Setting {
  std::optional<Located<std::string>> text;
  std::string_view name;
};

Setting FlagOr(const std::optional<std::string>& flag, std::string_view flag_name,
               std::optional<Located<std::string>> in_file, std::string_view key) {
  if (flag) return {Located<std::string>{*flag, {}}, flag_name};
  return {std::move(in_file), key};
}

}  // namespace

std::optional<Config> ConfigBuilder::Build() {
  // Without a trust domain the rest is read for its errors alone.
  const auto trust_domain = ReadTrustDomain();
  Config out{trust_domain.value_or(*TrustDomain::Parse("none"))};
  ReadPaths(out);
  ReadLogLevel(out.log_level);
  ReadLogFormat(out.log_format);
  ReadWorkloadApi(out.workload_api);
  ReadAdmin(out.admin);
  CompareSockets(out);
  ReadX509(out);
  ReadJwt(out.jwt);
  ReadWit(out.wit);
  ReadSds(top_, diagnostics_, out.sds);
  ReadLimits(out.limits);
  HookSections(top_, read_, diagnostics_).Read(out);
  ReadMetrics(top_, read_, diagnostics_, out);
  ReadAttestors(out);
  SinkTables(read_, diagnostics_).Read(top_, out);
  EndpointSections(top_, read_, diagnostics_).Read(out);
  FederationTables(read_, diagnostics_).Read(top_, out);
  top_.RefuseUnknownKeys();
  if (!trust_domain) return std::nullopt;
  return out;
}

std::optional<TrustDomain> ConfigBuilder::ReadTrustDomain() {
  constexpr std::string_view kExample = "\"example.org\"";
  const auto text = top_.String("trust_domain", kExample);
  if (!text) {
    if (!top_.Has("trust_domain"))
      diagnostics_.Error(top_.at(), "trust_domain is missing, and there is no default",
                         "add a line such as trust_domain = \"example.org\", with the name that "
                         "every identity of yours begins with");
    return std::nullopt;
  }
  auto name = TrustDomain::Parse(text->value);
  if (name) return *std::move(name);
  diagnostics_.Error(text->at,
                     "trust_domain " + Quoted(text->value) + ": " + name.error().message(),
                     "write the bare name, in lower case: trust_domain = " + std::string(kExample));
  return std::nullopt;
}

void ConfigBuilder::ReadPaths(Config& out) {
  const Setting state = FlagOr(overrides_.state_dir, "--state-dir",
                               top_.String("state_dir", "\"/var/lib/surety\""), "state_dir");
  read_.Path(state.name, state.text, kMaxPathBytes, out.state_dir);
  const Setting entries =
      FlagOr(overrides_.entries_dir, "--entries-dir",
             top_.String("entries_dir", "\"/etc/surety/entries.d\""), "entries_dir");
  read_.Path(entries.name, entries.text, kMaxPathBytes, out.entries_dir);
  constexpr std::string_view kMapExample = "\"/etc/surety/bundles.json\"";
  read_.FilePath("bundle_map", top_.String("bundle_map", kMapExample), kMapExample, kMaxPathBytes,
                 out.bundle_map);
}

void ConfigBuilder::ReadLogLevel(LogLevel& out) {
  const Setting level = FlagOr(overrides_.log_level, "--log-level",
                               top_.String("log_level", "\"info\""), "log_level");
  if (!level.text) return;
  for (const LogLevel each : kLogLevels) {
    if (NameOf(each) != level.text->value) continue;
    out = each;
    return;
  }
  diagnostics_.Error(level.text->at,
                     std::string(level.name) + " " + Quoted(level.text->value) + " is not a level",
                     "choose one of debug, info, warn and error");
}

void ConfigBuilder::ReadLogFormat(LogFormat& out) {
  const auto* section = top_.Table("log", "[log]");
  if (section == nullptr) return;
  TomlTable table(*section, "[log]", diagnostics_);
  if (const auto format = table.String("format", "\"auto\"")) {
    if (format->value == "json")
      out = LogFormat::kJson;
    else if (format->value == "text")
      out = LogFormat::kText;
    else if (format->value != "auto")
      diagnostics_.Error(format->at, "format " + Quoted(format->value) + " is not a log format",
                         "choose \"auto\", \"text\" or \"json\"");
  }
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadSocket(TomlTable& table, SocketConfig& out) {
  constexpr std::string_view kExample = "\"/run/surety/workload.sock\"";
  read_.SocketPath("socket", table.String("socket", kExample), kExample, out.path);
  read_.Mode(table, out.mode);
  read_.Owner(table, out.owner);
  read_.Group(table, out.group);
}

void ConfigBuilder::ReadWorkloadApi(WorkloadApiConfig& out) {
  const auto* section = top_.Table("workload_api", "[workload_api]");
  if (section == nullptr) return;
  TomlTable table(*section, "[workload_api]", diagnostics_);
  ReadSocket(table, out.socket);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadAdmin(AdminConfig& out) {
  const auto* section = top_.Table("admin", "[admin]");
  if (section == nullptr) return;
  TomlTable table(*section, "[admin]", diagnostics_);
  ReadSocket(table, out.socket);
  if ((out.socket.mode & 0002U) != 0)
    diagnostics_.Warn(table.At("mode"), "everyone may connect to the admin socket",
                      "set mode = \"0600\", or \"0660\" with a group; calls of other uids than "
                      "allowed_uids are refused either way");
  ReadAllowedUids(table, out.allowed_uids);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadAllowedUids(TomlTable& table, std::vector<uid_t>& out) {
  const auto uids = table.Integers("allowed_uids", "[0]", kMaxAllowedUids);
  if (!uids) return;
  out.clear();
  for (const auto& uid : *uids) {
    if (uid.value >= 0 && uid.value < std::numeric_limits<uid_t>::max())
      out.push_back(static_cast<uid_t>(uid.value));
    else
      diagnostics_.Error(uid.at, "allowed_uids has " + std::to_string(uid.value),
                         "give user ids, from 0 to 4294967294");
  }
  if (uids->empty())
    diagnostics_.Warn(table.At("allowed_uids"), "allowed_uids is empty, so nobody can administer",
                      "write allowed_uids = [0]");
}

void ConfigBuilder::CompareSockets(const Config& config) {
  if (!SamePath(config.workload_api.socket.path, config.admin.socket.path)) return;
  const Position at = top_.Has("admin") ? top_.At("admin") : top_.At("workload_api");
  diagnostics_.Error(
      at, "[workload_api] and [admin] have the same socket, " + Quoted(config.admin.socket.path),
      "give each a path of its own");
}

void ConfigBuilder::ReadX509(Config& config) {
  X509Config& out = config.x509;
  const auto* section = top_.Table("x509", "[x509]");
  if (section == nullptr) return;
  TomlTable table(*section, "[x509]", diagnostics_);
  read_.Span(table, "ttl", "\"15m\"", kMinX509Ttl, kMaxX509Ttl, out.ttl);
  read_.Span(table, "ca_ttl", "\"7d\"", kMinX509Ttl * kSvidsPerCa, kDay * 3650, out.ca_ttl);
  read_.Span(table, "clock_skew", "\"30s\"", Seconds(0), Seconds(600), out.clock_skew);
  ReadCaFiles(table, out.ca_files);
  ReadCrls(table, out);
  CompareCrlFile(table, config);
  CompareLifetimes(table, out);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadCrls(TomlTable& table, X509Config& out) {
  read_.Span(table, "crl_validity", "\"1h\"", kShortestCrl, kLongestCrl, out.crl_validity);
  read_.FilePath("crl_file", table.String("crl_file", kCrlExample), kCrlExample, kMaxPathBytes,
                 out.crl_file);
}

// What lies at crl_file is replaced, and everybody is meant to read it.
void ConfigBuilder::CompareCrlFile(const TomlTable& table, const Config& config) {
  const std::string& file = config.x509.crl_file;
  if (file.empty()) return;
  const Position at = table.At("crl_file");
  const CaFiles ca = config.x509.ca_files.value_or(CaFiles());
  const std::array<std::pair<std::string_view, const std::string*>, 5> others{
      {{"ca_cert", &ca.cert},
       {"ca_key", &ca.key},
       {"ca_chain", &ca.chain},
       {"the socket of [workload_api]", &config.workload_api.socket.path},
       {"the socket of [admin]", &config.admin.socket.path}}};
  const std::string fix = "give it a path of its own, such as " + std::string(kCrlExample);
  for (const auto& [name, path] : others) {
    if (path->empty() || !SamePath(*path, file)) continue;
    diagnostics_.Error(at, "crl_file " + Quoted(file) + " is " + std::string(name) + " as well",
                       fix);
  }
  if (IsBelow(file, config.state_dir)) {
    diagnostics_.Error(
        at, "crl_file " + Quoted(file) + " is in state_dir, where nobody else can read it", fix);
  }
}

void ConfigBuilder::CompareLifetimes(const TomlTable& table, const X509Config& config) {
  if (config.ca_files || config.ca_ttl >= config.ttl * kSvidsPerCa) return;
  diagnostics_.Error(
      table.At(table.Has("ca_ttl") ? "ca_ttl" : "ttl"),
      "ca_ttl (" + DurationText(config.ca_ttl) + ") is less than four times ttl (" +
          DurationText(config.ttl) + "), so SVIDs would be cut short",
      "set ca_ttl to at least \"" + DurationText(config.ttl * kSvidsPerCa) + "\", or shorten ttl");
}

void ConfigBuilder::ReadCaFiles(TomlTable& table, std::optional<CaFiles>& out) {
  CaFiles files;
  const auto read = [&](std::string_view name, std::string_view example, std::string& out_file) {
    read_.PathOrCredential(name, table.String(name, example), kMaxPathBytes, out_file);
  };
  read("ca_cert", "\"/etc/surety/ca.pem\"", files.cert);
  read_.KeySource("ca_key", table.String("ca_key", "\"/etc/surety/ca.key\""), kMaxPathBytes,
                  files.key);
  read("ca_chain", "\"/etc/surety/chain.pem\"", files.chain);
  const bool cert = table.Has("ca_cert");
  const bool key = table.Has("ca_key");
  if (cert && key) {
    out = std::move(files);
    return;
  }
  if (!cert && !key && !table.Has("ca_chain")) return;
  const std::string_view there = cert ? "ca_cert" : key ? "ca_key" : "ca_chain";
  const std::string_view missing = cert ? "ca_key" : key ? "ca_cert" : "ca_cert and ca_key";
  diagnostics_.Error(table.At(there),
                     std::string(there) + " is set without " + std::string(missing),
                     "set ca_cert and ca_key both, or none of them for the embedded CA");
}

void ConfigBuilder::ReadJwt(JwtConfig& out) {
  const auto* section = top_.Table("jwt", "[jwt]");
  if (section == nullptr) return;
  TomlTable table(*section, "[jwt]", diagnostics_);
  ReadTokenTimes(table, out.ttl, out.key_ttl);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadWit(WitConfig& out) {
  const auto* section = top_.Table("wit", "[wit]");
  if (section == nullptr) return;
  TomlTable table(*section, "[wit]", diagnostics_);
  if (const auto enabled = table.Boolean("enabled", "true")) out.enabled = enabled->value;
  ReadTokenTimes(table, out.ttl, out.key_ttl);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadTokenTimes(TomlTable& table, Seconds& ttl, Seconds& key_ttl) {
  read_.Span(table, "ttl", "\"5m\"", kMinJwtTtl, kMaxJwtTtl, ttl);
  read_.Span(table, "key_ttl", "\"7d\"", kMinJwtTtl * kTokensPerKey, kDay * 3650, key_ttl);
  if (key_ttl >= ttl * kTokensPerKey) return;
  diagnostics_.Error(
      table.At(table.Has("key_ttl") ? "key_ttl" : "ttl"),
      "key_ttl (" + DurationText(key_ttl) + ") is less than four times ttl (" + DurationText(ttl) +
          "), so tokens would be cut short",
      "set key_ttl to at least \"" + DurationText(ttl * kTokensPerKey) + "\", or shorten ttl");
}

void ConfigBuilder::ReadLimits(LimitsConfig& out) {
  const auto* section = top_.Table("limits", "[limits]");
  if (section == nullptr) return;
  TomlTable table(*section, "[limits]", diagnostics_);
  read_.Count(table, "connections_per_uid", 1, out.connections_per_uid);
  read_.Count(table, "streams_per_uid", 1, out.streams_per_uid);
  read_.Count(table, "calls_per_second_per_uid", 1, out.calls_per_second_per_uid);
  read_.Count(table, "calls_burst_per_uid", 1, out.calls_burst_per_uid);
  read_.Count(table, "short_calls_per_second_per_lineage", 1,
              out.short_calls_per_second_per_lineage);
  read_.Count(table, "short_calls_burst_per_lineage", 1, out.short_calls_burst_per_lineage);
  read_.Count(table, "connections", 0, out.connections);
  read_.Span(table, "silent_timeout", "\"30s\"", Seconds(1), kDay, out.silent_timeout);
  read_.Span(table, "idle_timeout", "\"10m\"", Seconds(1), kDay, out.idle_timeout);
  read_.Span(table, "stalled_write_timeout", "\"30s\"", Seconds(1), kDay,
             out.stalled_write_timeout);
  table.RefuseUnknownKeys();
}

void ConfigBuilder::ReadAttestors(Config& out) {
  const auto* section = top_.Table("attestors", "[attestors.unix]");
  if (section == nullptr) return;
  TomlTable attestors(*section, "[attestors]", diagnostics_);
  ReadUnixAttestor(attestors, out.unix_attestor);
  ReadSystemdAttestor(attestors, read_, diagnostics_, out.systemd_attestor);
  EngineSections(attestors, read_, diagnostics_).Read(out);
  PluginTables(read_, diagnostics_).Read(attestors, out);
  attestors.RefuseUnknownKeys();
}

void ConfigBuilder::ReadUnixAttestor(TomlTable& attestors, UnixAttestorConfig& out) {
  const auto* section = attestors.Table("unix", "[attestors.unix]");
  if (section == nullptr) return;
  TomlTable table(*section, "[attestors.unix]", diagnostics_);
  read_.Size(table, "sha256_max_size", "\"512MiB\"", 1, kMaxSize, out.sha256_max_size);
  read_.Span(table, "sha256_timeout", "\"10s\"", Seconds(1), Seconds(600), out.sha256_timeout);
  table.RefuseUnknownKeys();
}

}  // namespace surety
