#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// Selector types that no plug-in may be named after: those of the attestors that are
/// built in, and names that stand for something else where a type is expected.
inline constexpr std::array<std::string_view, 10> kReservedSelectorTypes{
    "unix", "cgroup", "systemd", "docker", "podman", "containerd", "cri", "k8s", "lineage", "hook"};

/// How a plug-in describes itself, unchecked.
struct PluginDescription {
  std::string name;
  std::string version;
  std::vector<std::string> kinds;  ///< Without the type: "job".
};

struct PluginQuestion {
  ProcessKey process;
  std::string boot_id;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// What it said of one process, as it was said: whoever asks judges it
/// (attestors/plugin_answer.h).
struct PluginAnswer {
  struct Fact {
    std::string kind;
    std::string value;  ///< Of a missing fact: why it is missing.
  };
  std::uint64_t start_ticks = 0;  ///< Of the process that it looked at.
  std::vector<Fact> selectors;
  std::vector<Fact> missing;
};

/// An attestor in a program beside the daemon. Thread-safe.
/// In workload_api/client/grpc_attestor_plugin.h; tests: tests/fakes/scripted_plugin.h.
class AttestorPlugin {
 public:
  virtual ~AttestorPlugin() = default;
  /// Both return within `timeout`, whatever the program does. An Error if there is no
  /// answer, or one that cannot be read; it says why, and on which socket.
  virtual Result<PluginDescription> Describe(std::chrono::milliseconds timeout) = 0;
  /// Asks the very program that was described last: kUnavailable if that has ended.
  virtual Result<PluginAnswer> Attest(const PluginQuestion& question,
                                      std::chrono::milliseconds timeout) = 0;
};

}  // namespace surety
