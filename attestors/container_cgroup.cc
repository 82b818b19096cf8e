#include "attestors/container_cgroup.h"

#include <algorithm>
#include <array>
#include <utility>

namespace surety {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kSlice = ".slice";

bool IsLowerHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsId(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), IsLowerHex);
}

// "docker" of "docker-ID.scope", "cri-containerd" of "pods.slice:cri-containerd:ID".
std::optional<ContainerEngine> EngineOf(std::string_view prefix) {
  constexpr std::array<std::pair<std::string_view, ContainerEngine>, 6> kPrefixes = {
      {{"docker", ContainerEngine::kDocker},
       {"libpod", ContainerEngine::kPodman},
       {"libpod-payload", ContainerEngine::kPodman},
       {"cri-containerd", ContainerEngine::kContainerd},
       {"nerdctl", ContainerEngine::kContainerd},
       {"crio", ContainerEngine::kCrio}}};
  for (const auto& [name, engine] : kPrefixes) {
    if (name == prefix) return engine;
  }
  return std::nullopt;
}

ContainerEngine EngineOfParent(std::string_view parent) {
  if (parent == "docker") return ContainerEngine::kDocker;
  return parent == "k8s.io" ? ContainerEngine::kContainerd : ContainerEngine::kAny;
}

struct Named {
  std::string_view id;
  ContainerEngine engine;
};

std::optional<Named> ReadPart(std::string_view part, std::string_view parent) {
  if (IsId(part)) return Named{part, EngineOfParent(parent)};
  if (part.ends_with(kScope)) part.remove_suffix(kScope.size());
  const auto separator = part.find_last_of("-:");
  if (separator == std::string_view::npos || !IsId(part.substr(separator + 1))) return std::nullopt;
  std::string_view prefix = part.substr(0, separator);
  if (part[separator] == ':') prefix = prefix.substr(prefix.rfind(':') + 1);
  const auto engine = EngineOf(prefix);
  if (!engine) return std::nullopt;
  return Named{part.substr(separator + 1), *engine};
}

// RFC 4122 in lower case, a static pod's hash, or either with systemd's '_'.
bool IsPodUid(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return IsLowerHex(c) || c == '-' || c == '_'; });
}

bool IsWithinReach(std::string_view path) {
  if (!path.starts_with('/')) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

// Takes the last part off.
std::string_view Above(std::string_view path) { return path.substr(0, path.rfind('/')); }
std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::optional<ContainerCgroup> FindContainerCgroup(std::string_view path) {
  if (!IsWithinReach(path)) return std::nullopt;
  for (; !path.empty(); path = Above(path)) {
    if (const auto named = ReadPart(LastPart(path), LastPart(Above(path))))
      return ContainerCgroup{path, named->id, named->engine, {}};
  }
  return std::nullopt;
}

std::optional<ContainerCgroup> PlainContainerdCgroup(std::string_view path) {
  if (!IsWithinReach(path) || std::count(path.begin(), path.end(), '/') != 2) return std::nullopt;
  const std::string_view space = Above(path).substr(1);
  const std::string_view name = LastPart(path);
  if (space.empty() || name.empty()) return std::nullopt;
  return ContainerCgroup{path, name, ContainerEngine::kContainerd, space};
}

std::optional<std::string> FindPodUid(std::string_view path) {
  constexpr std::string_view kPod = "pod";
  if (!IsWithinReach(path)) return std::nullopt;
  for (; !path.empty(); path = Above(path)) {
    std::string_view part = LastPart(path);
    part = part.substr(0, part.find(':'));
    const bool of_systemd = part.ends_with(kSlice);
    if (of_systemd) {
      part.remove_suffix(kSlice.size());
      if (part.find("kubepods-") == std::string_view::npos) continue;
      part = part.substr(part.rfind('-') + 1);
    }
    if (!part.starts_with(kPod) || !IsPodUid(part.substr(kPod.size()))) continue;
    std::string uid(part.substr(kPod.size()));
    if (of_systemd) std::replace(uid.begin(), uid.end(), '_', '-');
    return uid;
  }
  return std::nullopt;
}

}  // namespace surety
