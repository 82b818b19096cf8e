#include "agent/config_engines.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "agent/config_paths.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostSockets = 16;
constexpr std::string_view kRootlessExample = R"(["web:/run/user/1001/docker.sock"])";

}  // namespace

void EngineSections::Read(Config& config) {
  ReadEngine("docker", kDockerSocket, config.docker);
  ReadEngine("podman", kPodmanSocket, config.podman);
  ReadEngine("k8s", kContainerdSocket, config.k8s);
}

void EngineSections::ReadEngine(std::string_view name, std::string_view usual_socket,
                                std::optional<EngineConfig>& out) {
  const std::string title = "[attestors." + std::string(name) + "]";
  const auto* section = attestors_.Table(name, title);
  if (section == nullptr) return;
  TomlTable table(*section, title, diagnostics_);
  EngineConfig& engine = out.emplace();
  ReadSockets(table, usual_socket, engine);
  // Kubernetes' runtime is root's alone, and tells no environment.
  const bool has_users = name != "k8s";
  if (has_users) ReadRootlessSockets(table, engine);
  read_.FineSpan(table, "timeout", "\"2s\"", milliseconds(10), milliseconds(10'000),
                 engine.timeout);
  read_.FineSpan(table, "max_age", "\"1m\"", milliseconds(100), milliseconds(3'600'000),
                 engine.max_age);
  if (has_users) read_.Boolean(table, "env", engine.env);
  table.RefuseUnknownKeys();
}

void EngineSections::ReadSockets(TomlTable& table, std::string_view usual_socket,
                                 EngineConfig& out) {
  const std::string example = "[\"" + std::string(usual_socket) + "\"]";
  const auto paths = table.Strings("sockets", example, kMostSockets);
  if (!paths && !table.Has("sockets")) out.sockets.push_back({std::string(usual_socket), 0});
  if (!paths) return;
  if (paths->empty() && !table.Has("rootless_sockets"))
    diagnostics_.Error(table.At("sockets"), "there is no socket, so nobody would be asked",
                       "name the engine's socket, or remove the section");
  for (const auto& path : *paths) Add("sockets", path, 0, out);
}

void EngineSections::ReadRootlessSockets(TomlTable& table, EngineConfig& out) {
  const auto texts = table.Strings("rootless_sockets", kRootlessExample, kMostSockets);
  if (!texts) return;
  for (const auto& text : *texts) {
    const auto colon = text.value.find(':');
    if (colon == std::string::npos || colon == 0) {
      diagnostics_.Error(
          text.at,
          "rootless_sockets has " + Quoted(text.value) + ", which does not say whose engine it is",
          "write user and path, as in " + std::string(kRootlessExample));
      continue;
    }
    const auto uid = read_.User("rootless_sockets", {text.value.substr(0, colon), text.at});
    if (!uid) continue;
    if (*uid == 0) {
      diagnostics_.Error(text.at, "rootless_sockets has a socket of root's",
                         "move its path to sockets");
      continue;
    }
    Add("rootless_sockets", {text.value.substr(colon + 1), text.at}, *uid, out);
  }
}

void EngineSections::Add(std::string_view key, const Located<std::string>& path, uid_t uid,
                         EngineConfig& out) {
  std::string checked;
  read_.SocketPath(key, path, kDockerSocket, checked);
  if (checked.empty()) return;
  const auto same = [&](const EngineConfig::Socket& other) {
    return SamePath(other.path, checked);
  };
  if (std::any_of(out.sockets.begin(), out.sockets.end(), same)) {
    diagnostics_.Error(path.at, std::string(key) + " has " + Quoted(checked) + " a second time",
                       "name each socket once");
    return;
  }
  out.sockets.push_back({std::move(checked), uid});
}

}  // namespace surety
