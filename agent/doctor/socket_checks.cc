// Sockets: those that the daemon serves and those of programs that it asks.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "agent/doctor/checks.h"
#include "attestors/cri_request.h"
#include "attestors/engine_request.h"
#include "surety/unique_fd.h"
#include "workload_api/client/unix_connect.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kAnswersWithin{2'000};
constexpr std::string_view kHttp2Hello{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33};
constexpr std::size_t kFrameHeader = 9;
constexpr char kSettings = 4;

/// A Unix socket, and what is expected of it.
struct SocketPlace {
  std::string check;
  std::string path;
  std::string server;  ///< Who listens.
  std::string mend;    ///< If nobody does.
  uid_t owner = 0;     ///< Besides root.
  std::optional<mode_t> mode = {};
};

bool IsTrustedUid(uid_t uid, const SocketPlace& place) { return uid == 0 || uid == place.owner; }

std::optional<Finding> FolderFault(const SocketPlace& place) {
  const std::string folder = std::filesystem::path(place.path).parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    return Broken(place.check, folder + ": " + std::generic_category().message(errno), place.mend);
  if (!IsTrustedUid(status.st_uid, place))
    return Broken(place.check,
                  folder + " belongs to uid " + std::to_string(status.st_uid) +
                      ", who could put another socket there",
                  "chown root " + folder);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Broken(place.check,
                  "others than the owner of " + folder + " could put another socket there",
                  "chmod go-w " + folder);
  return std::nullopt;
}

std::optional<Finding> SocketFault(const SocketPlace& place) {
  struct stat status {};
  if (::lstat(place.path.c_str(), &status) != 0)
    return Broken(
        place.check,
        "there is no socket " + place.path + ": " + std::generic_category().message(errno),
        place.mend);
  if (!S_ISSOCK(status.st_mode))
    return Broken(place.check, place.path + " is not a socket", "move it away; " + place.mend);
  if (!IsTrustedUid(status.st_uid, place))
    return Broken(place.check,
                  place.path + " belongs to uid " + std::to_string(status.st_uid) +
                      ", who is neither root nor " + std::to_string(place.owner),
                  "find out who made it; " + place.mend);
  if (place.mode && (status.st_mode & 07777U) != *place.mode)
    return Warning(place.check, place.path + " has not the mode that the configuration says",
                   "restart the daemon, or say the same in the unit of its socket");
  return std::nullopt;
}

/// Connects to a socket of which nothing is wrong by its looks.
struct Visit {
  std::optional<Finding> fault;
  UniqueFd connection;
};

Visit Connect(const SocketPlace& place) {
  if (auto fault = FolderFault(place)) return {std::move(fault), {}};
  auto fault = SocketFault(place);
  if (fault && fault->health == Health::kBroken) return {std::move(fault), {}};
  auto socket = ConnectUnixSocket(place.path, place.server, kAnswersWithin);
  if (!socket) return {Broken(place.check, socket.error().Text(), place.mend), {}};
  return {std::move(fault), *std::move(socket)};
}

// Whether an HTTP/2 server says hello, as gRPC does before it is asked anything.
bool SaysHello(int connection) {
  const auto wait = std::chrono::duration_cast<std::chrono::seconds>(kAnswersWithin);
  const timeval limit{.tv_sec = wait.count(), .tv_usec = 0};
  if (::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return false;
  if (::send(connection, kHttp2Hello.data(), kHttp2Hello.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kHttp2Hello.size()))
    return false;
  std::array<char, kFrameHeader> frame{};
  return ::recv(connection, frame.data(), frame.size(), MSG_WAITALL) == kFrameHeader &&
         frame[3] == kSettings;
}

Finding LookAtSocket(const SocketPlace& place, bool grpc) {
  auto [fault, connection] = Connect(place);
  if (!fault && grpc && !SaysHello(connection.get()))
    fault = Broken(place.check,
                   place.server + " takes connections on " + place.path + " and does not answer",
                   "see its log; restart it");
  return fault ? *std::move(fault) : Ok(place.check, place.server + " answers on " + place.path);
}

SocketPlace PlaceOf(const char* check, const SocketConfig& socket, const Installation& all) {
  return {.check = check,
          .path = socket.path,
          .server = "suretyd",
          .mend = "start suretyd, which replaces what a dead one has left; if it runs, restart it",
          .owner = socket.owner.value_or(all.uid),
          .mode = socket.mode};
}

bool IsThere(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0 || errno != ENOENT;
}

Finding FindingOf(const char* check, const std::string& path, const Result<void>& asked) {
  if (asked) return Ok(check, "the engine answers on " + path);
  return Broken(check, asked.error().Text(),
                "start the engine, name its socket in the configuration, or remove its section: "
                "containers get no identity while it does not answer");
}

Result<void> Ask(const EngineConfig::Socket& socket, const char* path,
                 std::chrono::milliseconds timeout) {
  const EngineRequestLimits limits{.timeout = timeout};
  if (path == nullptr) {
    const auto facts = AskCri({socket.path, socket.uid}, std::string(64, '0'), limits, {});
    return facts ? Result<void>() : facts.error();
  }
  const auto reply = AskEngine({socket.path, socket.uid}, path, limits, {});
  return reply ? Result<void>() : reply.error();
}

void LookAtEngine(const char* check, const std::optional<EngineConfig>& engine, const char* path,
                  Diagnosis& found) {
  if (!engine) return;
  for (const EngineConfig::Socket& socket : engine->sockets)
    found.push_back(FindingOf(check, socket.path, Ask(socket, path, engine->timeout)));
}

Finding LookAtPort(const MetricsConfig::Port& port) {
  const UniqueFd socket(::socket(port.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in v4{.sin_family = AF_INET,
                 .sin_port = htons(port.number),
                 .sin_addr = {htonl(INADDR_LOOPBACK)},
                 .sin_zero = {}};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port.number);
  v6.sin6_addr = in6addr_loopback;
  const auto* address =
      port.ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t size = port.ipv6 ? sizeof v6 : sizeof v4;
  if (socket && ::connect(socket.get(), address, size) == 0)
    return Ok("metrics", "they are served on port " + std::to_string(port.number));
  return Broken("metrics",
                "nobody serves them on port " + std::to_string(port.number) +
                    " of the loopback: " + std::generic_category().message(errno),
                "restart suretyd, and see its journal");
}

}  // namespace

Diagnosis LookAtSockets(const Installation& all) {
  Diagnosis found;
  const SocketPlace workload = PlaceOf("sockets.workload", all.config->workload_api.socket, all);
  const SocketPlace admin = PlaceOf("sockets.admin", all.config->admin.socket, all);
  // Without a daemon there need be none; one that is left over must not be in the way.
  if (all.daemon || IsThere(workload.path)) found.push_back(LookAtSocket(workload, true));
  // On the admin socket the daemon has answered already, if at all.
  if (all.daemon || IsThere(admin.path)) found.push_back(LookAtSocket(admin, !all.daemon));
  return found;
}

Diagnosis LookAtEngines(const Installation& all) {
  Diagnosis found;
  LookAtEngine("engines.docker", all.config->docker, "/version", found);
  LookAtEngine("engines.podman", all.config->podman, "/v4.0.0/libpod/version", found);
  LookAtEngine("engines.k8s", all.config->k8s, nullptr, found);
  return found;
}

Diagnosis LookAtPrograms(const Installation& all) {
  Diagnosis found;
  if (const HookConfig& hook = all.config->hook; !hook.socket.empty())
    found.push_back(LookAtSocket(
        {.check = "hook",
         .path = hook.socket,
         .server = "the hook",
         .mend =
             "start the hook, or remove [hook]: what policies allow waits or is refused without it",
         .owner = all.uid},
        true));
  for (const PluginConfig& plugin : all.config->plugins)
    found.push_back(LookAtSocket(
        {.check = "plugins." + plugin.name,
         .path = plugin.socket,
         .server = "the plug-in " + plugin.name,
         .mend =
             plugin.required
                 ? "start it, or set required = false: without its answer nobody gets an identity"
                 : "start it: its selectors match nobody meanwhile",
         .owner = all.uid},
        true));
  return found;
}

Diagnosis LookAtMetrics(const Installation& all) {
  const MetricsConfig& metrics = all.config->metrics;
  if (!all.daemon || !metrics.on()) return {};
  if (metrics.port) return {LookAtPort(*metrics.port)};
  return {LookAtSocket(PlaceOf("metrics", metrics.socket, all), false)};
}

}  // namespace surety
