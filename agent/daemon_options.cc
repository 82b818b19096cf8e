#include "agent/daemon_options.h"

#include <algorithm>
#include <limits>

#include "agent/credential.h"
#include "agent/identity/key_uri.h"
#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/files_authority.h"
#include "agent/issuance/token_key.h"
#include "agent/open_files.h"

namespace surety {
namespace {

std::uint32_t OrNone(std::uint32_t limit) {
  return limit == 0 ? std::numeric_limits<std::uint32_t>::max() : limit;
}

UidLimits UidLimitsOf(const LimitsConfig& config, std::uint64_t open_files) {
  const std::uint32_t connections =
      config.connections != 0 ? config.connections : ConnectionsFor(open_files);
  // However large a uid's own limit is, a fifth of the connections is for others.
  const std::uint32_t most_of_them = std::max(1U, connections - connections / 5);
  const double rate = OrNone(config.calls_per_second_per_uid);
  return {.connections = connections,
          .connections_per_uid = std::min(OrNone(config.connections_per_uid), most_of_them),
          .calls_per_uid = OrNone(config.streams_per_uid),
          .calls_per_second = rate,
          .calls_burst = std::max(rate, static_cast<double>(OrNone(config.calls_burst_per_uid)))};
}

SocketOptions SocketOptionsOf(const SocketConfig& config, const UniqueFd& passed) {
  return {.path = config.path,
          .mode = config.mode,
          .owner = config.owner,
          .group = config.group,
          .passed = passed.get()};
}

Result<void> NameTokenKey(const std::string& text, CaPaths& paths) {
  auto uri = ParseKeyUri(text);
  if (!uri) return uri.error().Within("ca_key");
  auto pin_file = PathOfFile(uri->pin_source);
  if (!pin_file) return pin_file.error().Within("pin-source of ca_key");
  paths.key = uri->name;
  const auto secrecy =
      IsCredential(uri->pin_source) ? FileSecrecy::kCredential : FileSecrecy::kSecret;
  paths.open_key = OpenerOfTokenKeys(
      {.uri = *std::move(uri), .pin_file = *std::move(pin_file), .pin_secrecy = secrecy});
  return {};
}

Result<CaPaths> CaPathsOf(const CaFiles& files) {
  auto cert = PathOfFile(files.cert);
  if (!cert) return cert.error().Within("ca_cert");
  auto chain = PathOfFile(files.chain);
  if (!chain) return chain.error().Within("ca_chain");
  if (IsKeyUri(files.key)) {
    CaPaths paths{.cert = *std::move(cert), .key = {}, .chain = *std::move(chain)};
    if (auto named = NameTokenKey(files.key, paths); !named) return named.error();
    return paths;
  }
  auto key = PathOfFile(files.key);
  if (!key) return key.error().Within("ca_key");
  return CaPaths{.cert = *std::move(cert),
                 .key = *std::move(key),
                 .chain = *std::move(chain),
                 .key_is_credential = IsCredential(files.key)};
}

}  // namespace

PolicySettings PolicySettingsOf(const Config& config) {
  return {.folder = config.policy.dir,
          .built_in = config.policy.beneath ? BuiltIn::kBeneath : BuiltIn::kReplaced,
          .mode = config.policy.monitor ? PolicyMode::kMonitor : PolicyMode::kEnforce,
          .memory_file = config.state_dir + "/policy.json"};
}

Result<std::unique_ptr<Authority>> AuthorityOf(const Config& config, Moment now) {
  const X509Config& x509 = config.x509;
  if (x509.ca_files) {
    auto files = CaPathsOf(*x509.ca_files);
    if (!files) return files.error();
    const std::string source = files->open_key ? files->key : "files";
    return OpenFromFiles({.trust_domain = config.trust_domain,
                          .state_dir = config.state_dir,
                          .files = *std::move(files),
                          .source = source,
                          .clock_skew = x509.clock_skew,
                          .max_svid_ttl = x509.ttl},
                         now);
  }
  return OpenEmbedded(
      {.trust_domain = config.trust_domain,
       .state_dir = config.state_dir,
       .times = {.ca_ttl = x509.ca_ttl, .max_svid_ttl = x509.ttl, .clock_skew = x509.clock_skew}},
      now);
}

JwtAuthorityOptions JwtOptionsOf(const Config& config) {
  return {.trust_domain = config.trust_domain,
          .state_dir = config.state_dir,
          .times = {.ca_ttl = config.jwt.key_ttl,
                    .max_svid_ttl = config.jwt.ttl,
                    .clock_skew = config.x509.clock_skew},
          .issuer = config.oidc_issuer};
}

JwtAuthorityOptions WitOptionsOf(const Config& config) {
  JwtAuthorityOptions options = JwtOptionsOf(config);
  options.times.ca_ttl = config.wit.key_ttl;
  options.times.max_svid_ttl = config.wit.ttl;
  return options;
}

ChurnLimiter::Limits ChurnLimitsOf(const LimitsConfig& config) {
  ChurnLimiter::Limits limits;
  limits.tokens_per_second = OrNone(config.short_calls_per_second_per_lineage);
  limits.most_tokens = std::max(limits.tokens_per_second,
                                static_cast<double>(OrNone(config.short_calls_burst_per_lineage)));
  return limits;
}

ApiOptions ApiOptionsOf(const Config& config, const PassedSockets& passed,
                        std::uint64_t open_files) {
  return {.workload_socket = SocketOptionsOf(config.workload_api.socket, passed.workload),
          .admin_socket = SocketOptionsOf(config.admin.socket, passed.admin),
          .admin_uids = config.admin.allowed_uids,
          .limits = UidLimitsOf(config.limits, open_files),
          .times = {.silent = config.limits.silent_timeout, .idle = config.limits.idle_timeout},
          .streams = {},
          .secret_names = {.default_svid = config.sds.default_svid_name,
                           .default_bundle = config.sds.default_bundle_name,
                           .all_bundles = config.sds.default_all_bundles_name},
          .stalled_write = config.limits.stalled_write_timeout};
}

// A quarter of the descriptors for exec probes: three of each connection remain.
WatchOptions WatchOptionsOf(const Config& config, std::uint64_t open_files) {
  WatchOptions options;
  options.sweep_interval = config.watch.sweep_interval;
  options.use_events = config.watch.events;
  options.most_probes = std::min<std::size_t>(options.most_probes, open_files / 8);
  return options;
}

}  // namespace surety
