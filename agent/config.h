#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/identity/entries_file.h"
#include "agent/identity/tcp_address.h"
#include "agent/sinks/sink_settings.h"
#include "surety/clock.h"
#include "surety/spiffe_id.h"

namespace surety {

inline constexpr std::string_view kDefaultConfigFile = "/etc/surety/suretyd.toml";

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kAuto, kText, kJson };

/// A Unix socket to listen on. Owner and group are left as they come if not set.
struct SocketConfig {
  std::string path;  ///< Absolute, at most 107 bytes (unix(7)).
  mode_t mode = 0;
  std::optional<uid_t> owner;
  std::optional<gid_t> group;
};

struct WorkloadApiConfig {
  SocketConfig socket{"/run/surety/workload.sock", 0666, {}, {}};
};

struct AdminConfig {
  SocketConfig socket{"/run/surety/admin.sock", 0600, {}, {}};
  std::vector<uid_t> allowed_uids{0};  ///< Whose calls are answered.
};

/// An operator's CA, as PEM files: paths, or credentials (credential.h). Either none of it
/// is set or certificate and key.
struct CaFiles {
  std::string cert;
  std::string key;    ///< Or the URI of a key in a token (key_uri.h).
  std::string chain;  ///< From the certificate's issuer upwards; empty if it is a root.
};

struct X509Config {
  Seconds ttl{15 * 60};             ///< Of SVIDs whose entry names none.
  Seconds ca_ttl{7 * 86'400};       ///< Of an embedded CA certificate; at least 4 x ttl.
  Seconds clock_skew{30};           ///< How far not_before lies in the past.
  std::optional<CaFiles> ca_files;  ///< Not set: the embedded CA.
  Seconds crl_validity{3600};       ///< Until a CRL's nextUpdate.
  std::string crl_file = {};        ///< Where CRLs are written as PEM; empty: nowhere.
};

struct JwtConfig {
  Seconds ttl{5 * 60};          ///< Of tokens whose entry names none.
  Seconds key_ttl{7 * 86'400};  ///< Of a key that signs them; at least 4 x ttl.
};

/// WIT-SVIDs, which are incubating.
struct WitConfig {
  bool enabled = false;
  Seconds ttl{5 * 60};          ///< Of WIT-SVIDs whose entry names none.
  Seconds key_ttl{7 * 86'400};  ///< Of a key that signs them; at least 4 x ttl.
};

/// Secrets of Envoy's discovery service whose names are no SPIFFE IDs.
struct SdsConfig {
  std::string default_svid_name = "default";
  std::string default_bundle_name = "ROOTCA";
  std::string default_all_bundles_name = "ALL";
};

/// What one uid, and all of them together, may use.
struct LimitsConfig {
  std::uint32_t connections_per_uid = 6'000;
  std::uint32_t streams_per_uid = 12'000;
  std::uint32_t calls_per_second_per_uid = 1'000;
  std::uint32_t calls_burst_per_uid = 12'000;
  /// Calls of one lineage that end within ten seconds of their beginning.
  std::uint32_t short_calls_per_second_per_lineage = 200;
  std::uint32_t short_calls_burst_per_lineage = 2'000;
  std::uint32_t connections = 0;      ///< 0: as many as the limit on open files allows.
  Seconds silent_timeout{30};         ///< Connected and never called.
  Seconds idle_timeout{10 * 60};      ///< Called before, and no call is open.
  Seconds stalled_write_timeout{30};  ///< Does not read what was sent.
};

/// Where policies come from, and the last word.
struct PolicyConfig {
  std::string dir = {};  ///< Of *.cedar files; empty: the built-in policy alone.
  bool beneath = false;  ///< The built-in policy stays in force beneath the operator's.
  bool monitor = false;  ///< Decisions are recorded, and entries alone decide.
  /// Streams end when what they hold expires while it cannot be told who they are;
  /// else they wait on.
  bool refuse_at_expiry = false;
};

struct AuditConfig {
  std::string dir = {};                                  ///< Empty: "audit" in state_dir.
  std::uint64_t segment_size = std::uint64_t{64} << 20;  ///< Bytes.
  std::uint32_t keep_segments = 0;                       ///< 0: all.
  Seconds checkpoint_interval{60};
};

/// A program that is asked after the policies.
struct HookConfig {
  std::string socket = {};  ///< It listens there; empty: there is none.
  std::chrono::milliseconds timeout{100};
  /// What is allowed is refused while the hook does not answer; else it waits.
  bool refuse_on_failure = false;
};

/// Where metrics are served: on a Unix socket, or on a port of this host's loopback, or,
/// as things come, nowhere.
struct MetricsConfig {
  struct Port {
    bool ipv6 = false;  ///< [::1], else 127.0.0.1.
    std::uint16_t number = 0;
  };
  SocketConfig socket{"", 0600, {}, {}};  ///< No path: none.
  std::optional<Port> port = {};
  [[nodiscard]] bool on() const { return port || !socket.path.empty(); }
};

/// How changes of processes are noticed.
struct WatchConfig {
  std::chrono::milliseconds sweep_interval{250};
  bool events = true;  ///< Of the kernel; else by sweeps alone.
};

struct UnixAttestorConfig {
  std::uint64_t sha256_max_size = std::uint64_t{512}
                                  << 20;  ///< Bytes. Larger files are not hashed.
  Seconds sha256_timeout{10};             ///< For hashing one file.
};

struct SystemdAttestorConfig {
  std::optional<bool> enabled = {};  ///< Not set: if systemd can be asked here.
  std::string bus = "/run/dbus/system_bus_socket";
  std::chrono::milliseconds timeout{2'000};  ///< For one answer of systemd's.
};

/// An attestor of the operator's, in a program of its own.
struct PluginConfig {
  std::string name = {};    ///< The type of its selectors.
  std::string socket = {};  ///< It listens there.
  std::chrono::milliseconds timeout{500};
  bool required = true;  ///< Without its answer nothing is decided.
};

/// A container engine to ask, of one sort: Docker's, Podman's or Kubernetes' runtime.
struct EngineConfig {
  struct Socket {
    std::string path;
    uid_t uid = 0;  ///< Whose the engine is. Not 0: a rootless one.
    bool operator==(const Socket&) const = default;
  };
  std::vector<Socket> sockets;
  std::chrono::milliseconds timeout{2'000};   ///< For one answer.
  std::chrono::milliseconds max_age{60'000};  ///< For so long an answer is believed.
  bool env = false;                           ///< Whether variables become selectors.
};

/// How a bundle endpoint proves who it is (SPIFFE_Federation.md section 5.2).
enum class EndpointProfile { kHttpsSpiffe, kHttpsWeb };

/// Where our bundle is served to other trust domains.
struct BundleEndpointConfig {
  TcpAddress listen = {};
  EndpointProfile profile = EndpointProfile::kHttpsSpiffe;
  std::string certificate_file = {};       ///< https_web alone: PEM; a path or a credential.
  std::string key_file = {};               ///< Likewise.
  std::optional<SpiffeId> spiffe_id = {};  ///< https_spiffe alone, and there always.
};

/// Another trust domain's bundle endpoint, which is followed.
struct FederationConfig {
  TrustDomain trust_domain;  ///< Whose bundle it serves; not ours.
  std::string url = {};
  EndpointProfile profile = EndpointProfile::kHttpsSpiffe;
  std::optional<SpiffeId> endpoint_spiffe_id = {};  ///< https_spiffe alone, and there always.
  std::string bundle_file = {};  ///< https_spiffe alone: the first bundle; empty: none.
  std::string ca_file = {};      ///< https_web alone; empty: whom the system trusts.
};

/// All that an operator can set; docs/configuration.md says what each means.
struct Config {
  TrustDomain trust_domain;  ///< The one key without a default.
  std::string state_dir = "/var/lib/surety";
  std::string entries_dir = "/etc/surety/entries.d";
  std::string bundle_map = {};  ///< Of other trust domains' bundles; empty: there is none.
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kAuto;
  WorkloadApiConfig workload_api = {};
  AdminConfig admin = {};
  X509Config x509 = {};
  JwtConfig jwt = {};
  WitConfig wit = {};
  SdsConfig sds = {};
  LimitsConfig limits = {};
  PolicyConfig policy = {};
  HookConfig hook = {};
  AuditConfig audit = {};
  WatchConfig watch = {};
  MetricsConfig metrics = {};
  UnixAttestorConfig unix_attestor = {};
  SystemdAttestorConfig systemd_attestor = {};
  std::vector<PluginConfig> plugins = {};
  std::optional<EngineConfig> docker = {};  ///< Not set: its attestor is switched off.
  std::optional<EngineConfig> podman = {};
  std::optional<EngineConfig> k8s = {};
  std::vector<SinkSettings> sinks = {};
  std::optional<BundleEndpointConfig> bundle_endpoint = {};
  std::string oidc_issuer = {};  ///< Empty: OIDC's documents are not served.
  std::vector<FederationConfig> federation = {};
};

/// Values from the command line, which go before those in the file. They are
/// judged as if they stood there.
struct ConfigOverrides {
  std::optional<std::string> state_dir;
  std::optional<std::string> entries_dir;
  std::optional<std::string> log_level;
};

/// How names of users and groups become numbers; nullopt for an unknown one.
struct AccountIds {
  std::function<std::optional<uid_t>(const std::string&)> user;
  std::function<std::optional<gid_t>(const std::string&)> group;
};

/// Those of this host (getpwnam_r(3), getgrnam_r(3)).
AccountIds SystemAccountIds();

/// Reads a configuration from `text`, naming it `file` in errors. Adds all that
/// is wrong with it to `diagnostics`; nullopt if there is any error. Asks the
/// system nothing but what `accounts` does: paths are judged by how they are
/// written, not by what is there.
std::optional<Config> ParseConfig(std::string_view file, std::string_view text,
                                  const ConfigOverrides& overrides, const AccountIds& accounts,
                                  Diagnostics& diagnostics);

/// As ParseConfig, with the text of `file`, which must belong to root or to our
/// own uid and be writable by nobody else.
std::optional<Config> LoadConfig(const std::string& file, const ConfigOverrides& overrides,
                                 Diagnostics& diagnostics);

inline constexpr std::string_view kDockerSocket = "/run/docker.sock";
inline constexpr std::string_view kPodmanSocket = "/run/podman/podman.sock";
inline constexpr std::string_view kContainerdSocket = "/run/containerd/containerd.sock";

/// Where the audit log is kept.
std::string AuditFolderOf(const Config& config);

/// What entries are judged by under this configuration, with the types and kinds of
/// selector that the built-in attestors make (EntryRules::known_selectors).
EntryRules EntryRulesOf(const Config& config, std::vector<std::string> known_selectors);

std::string_view NameOf(LogLevel level);

}  // namespace surety
