#include "agent/daemon_sinks.h"

#include <chrono>

#include "attestors/boot_now.h"
#include "attestors/container_search.h"
#include "attestors/process_search.h"
#include "attestors/systemd_bus_units.h"

namespace surety {
namespace {

SubjectSearch SearchForUnit(const Config& config, const std::string& unit, ProcessOpener& opener) {
  return [bus = config.systemd_attestor.bus, timeout = config.systemd_attestor.timeout, unit,
          &opener](const std::stop_token& stop) {
    return FindNamedProcess(opener,
                            [&] { return AskMainProcess(bus, unit, BootNow() + timeout, stop); });
  };
}

struct AskedEngine {
  EngineSocket socket;
  EngineRequestLimits limits;
};

std::vector<AskedEngine> EnginesOf(const Config& config) {
  std::vector<AskedEngine> out;
  for (const auto& engine : {config.docker, config.podman}) {
    if (!engine) continue;
    for (const auto& socket : engine->sockets)
      out.push_back({.socket = {.path = socket.path, .uid = socket.uid},
                     .limits = {.timeout = engine->timeout}});
  }
  return out;
}

// The first engine that knows it; one that does not answer is told if none does.
Result<std::optional<pid_t>> AskEngines(const std::vector<AskedEngine>& engines,
                                        const std::string& container, const std::stop_token& stop) {
  std::optional<Error> failure;
  for (const auto& [socket, limits] : engines) {
    const auto pid = AskFirstProcess(socket, container, limits, stop);
    if (pid && *pid) return *pid;
    if (!pid) failure = pid.error();
  }
  if (failure) return *failure;
  return std::optional<pid_t>();
}

SubjectSearch SearchFor(const Config& config, const SinkSubject& subject, ProcessOpener& opener) {
  if (!subject.unit.empty()) return SearchForUnit(config, subject.unit, opener);
  if (!subject.container.empty())
    return [engines = EnginesOf(config), container = subject.container,
            &opener](const std::stop_token& stop) {
      return FindNamedProcess(opener, [&] { return AskEngines(engines, container, stop); });
    };
  return [uid = *subject.uid, exe = subject.exe, &opener](const std::stop_token& /*stop*/) {
    return FindOldestProcess(opener, uid, exe);
  };
}

}  // namespace

DaemonSinks::DaemonSinks(const Config& config, const WalkParts& walk, Scheduler& scheduler,
                         ProcessOpener& opener, const std::shared_ptr<spdlog::logger>& logger) {
  WalkRules rules;
  rules.refuse_at_expiry = config.policy.refuse_at_expiry;
  const UnitReload reload = [bus = config.systemd_attestor.bus,
                             timeout = config.systemd_attestor.timeout](
                                const std::string& unit, const std::stop_token& stop) {
    return ReloadUnitOverBus(bus, unit, BootNow() + timeout, stop);
  };
  for (const SinkSettings& sink : config.sinks)
    sinks_.push_back(
        std::make_unique<Sink>(sink, SinkParts{.walk = walk,
                                               .rules = rules,
                                               .scheduler = scheduler,
                                               .search = SearchFor(config, sink.subject, opener),
                                               .unit_reload = reload,
                                               .logger = logger}));
}

void DaemonSinks::Stop() {
  for (const auto& sink : sinks_) sink->Stop();
}

std::vector<SinkStatus> DaemonSinks::Status() const {
  std::vector<SinkStatus> all;
  for (const auto& sink : sinks_) all.push_back(sink->Status());
  return all;
}

std::vector<std::string> DaemonSinks::Degraded() const {
  std::vector<std::string> all;
  for (const SinkStatus& sink : Status())
    if (!sink.last_error.empty()) all.push_back("the sink " + sink.name + ": " + sink.last_error);
  return all;
}

}  // namespace surety
