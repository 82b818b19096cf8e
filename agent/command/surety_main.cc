#include <cstdlib>
#include <exception>
#include <iostream>
#include <span>
#include <stop_token>
#include <utility>
#include <variant>

#include "agent/command/attest.h"
#include "agent/command/audit_check.h"
#include "agent/command/audit_tail.h"
#include "agent/command/audit_why.h"
#include "agent/command/bundle_orders.h"
#include "agent/command/bundle_show.h"
#include "agent/command/endpoint_uri.h"
#include "agent/command/entry_import.h"
#include "agent/command/fetch.h"
#include "agent/command/fetch_jwt.h"
#include "agent/command/fetch_wit.h"
#include "agent/command/flags.h"
#include "agent/command/orders.h"
#include "agent/command/policy_check.h"
#include "agent/command/policy_eval.h"
#include "agent/command/policy_show.h"
#include "agent/command/policy_simulate.h"
#include "agent/command/run_policy_cases.h"
#include "agent/command/sink_wait.h"
#include "agent/command/status.h"
#include "agent/command/stop_signals.h"
#include "agent/command/top.h"
#include "agent/command/waiter.h"
#include "agent/command/watch.h"
#include "agent/config.h"
#include "agent/daemon_attestors.h"
#include "agent/daemon_plugins.h"
#include "agent/doctor/become_user.h"
#include "agent/doctor/examine.h"
#include "agent/doctor/report.h"
#include "agent/record/state.h"
#include "agent/watch/system_clock.h"
#include "attestors/builtin.h"
#include "attestors/linux_process.h"
#include "workload_api/client/grpc_admin_client.h"
#include "workload_api/client/grpc_workload_client.h"

namespace surety {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongCommandLine = 2;

Result<Endpoint> WorkloadEndpoint(const std::optional<std::string>& flag) {
  return ChooseEndpoint(flag, std::getenv("SPIFFE_ENDPOINT_SOCKET"));
}

/// What a command that runs until SIGINT or SIGTERM waits with.
struct UntilStopped {
  std::stop_source stop;
  const StopSignals signals{stop};
  StoppableWaiter waiter{stop.get_token()};
};

/// The folder of the audit log: as named, else as the daemon of this host has it.
std::string AuditFolderOf(const std::optional<std::string>& named) {
  if (named) return *named;
  Diagnostics diagnostics;
  const auto config = LoadConfig(std::string(kDefaultConfigFile), {}, diagnostics);
  return config ? surety::AuditFolderOf(*config) : "/var/lib/surety/audit";
}

/// As the daemon has them by the configuration that is named, else by that of this
/// host; where there is none that can be read, the usual ones.
Result<std::vector<std::unique_ptr<Attestor>>> AttestorsBy(
    const std::optional<std::string>& named) {
  Diagnostics diagnostics;
  const auto config = LoadConfig(named.value_or(std::string(kDefaultConfigFile)), {}, diagnostics);
  if (!config && !named) return BuiltinAttestors(UsualAttestorOptions());
  if (!config) {
    Print(diagnostics, std::cerr);
    return Error(ErrorCode::kInvalidArgument, "the configuration " + *named + " cannot be used");
  }
  const auto boot_id = ReadBootId();
  if (!boot_id) return boot_id.error();
  auto all = BuiltinAttestors(AttestorOptionsOf(*config));
  for (auto& one : DaemonPlugins(config->plugins).Attestors(*boot_id))
    all.push_back(std::move(one));
  return all;
}

/// What the attestors could make that a configuration can switch on.
std::vector<std::string> SelectorsOfAllAttestors() {
  AttestorOptions all;
  all.systemd = true;
  all.docker.emplace();
  all.podman.emplace();
  all.k8s.emplace();
  return SelectorKindsOf(BuiltinAttestors(all));
}

/// Names the concrete classes that each command works with.
struct RunCommand {
  Result<void> operator()(const PrintedText& printed) const {
    std::cout << printed.text;
    return {};
  }

  Result<void> operator()(const FetchFlags& flags) const {
    const auto endpoint = WorkloadEndpoint(flags.socket);
    if (!endpoint) return endpoint.error();
    GrpcWorkloadClient client(endpoint->socket_path);
    return FetchX509(flags, client, *endpoint, SystemClock(), std::cout);
  }

  Result<void> operator()(const FetchJwtFlags& flags) const {
    const auto endpoint = WorkloadEndpoint(flags.socket);
    if (!endpoint) return endpoint.error();
    GrpcWorkloadClient client(endpoint->socket_path);
    return FetchJwt(flags, client, *endpoint, SystemClock(), std::cout);
  }

  Result<void> operator()(const FetchWitFlags& flags) const {
    const auto endpoint = WorkloadEndpoint(flags.socket);
    if (!endpoint) return endpoint.error();
    GrpcWorkloadClient client(endpoint->socket_path);
    return FetchWit(flags, client, *endpoint, SystemClock(), std::cout);
  }

  Result<void> operator()(const ValidateJwtFlags& flags) const {
    const auto endpoint = WorkloadEndpoint(flags.socket);
    if (!endpoint) return endpoint.error();
    GrpcWorkloadClient client(endpoint->socket_path);
    return ValidateJwt(flags, client, *endpoint, std::cin, std::cout);
  }

  Result<void> operator()(const WatchFlags& flags) const {
    const auto endpoint = WorkloadEndpoint(flags.socket);
    if (!endpoint) return endpoint.error();
    UntilStopped until;
    GrpcWorkloadClient client(endpoint->socket_path);
    return Watch(flags, client, *endpoint, SystemClock(), until.waiter, std::move(until.stop),
                 std::cout);
  }

  Result<void> operator()(const StatusFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return ShowStatus(flags, client, SystemClock(), std::cout);
  }

  Result<void> operator()(const BundleShowFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return ShowBundle(flags, client, std::cout);
  }

  Result<void> operator()(const BundleListFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return ListBundles(flags, client, std::cout);
  }

  Result<void> operator()(const BundleSetFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return SetBundle(flags, client, std::cin, std::cout);
  }

  Result<void> operator()(const BundleDeleteFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return DeleteBundle(flags, client, std::cout);
  }

  Result<void> operator()(const QuarantineListFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return ListQuarantines(flags, client, SystemClock(), std::cout);
  }

  Result<void> operator()(const QuarantineAddFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return AddQuarantine(flags, client, SystemClock(), std::cout);
  }

  Result<void> operator()(const QuarantineReleaseFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return ReleaseQuarantine(flags, client, std::cout);
  }

  Result<void> operator()(const RevokeFlags& flags) const {
    GrpcAdminClient client(flags.admin.socket);
    return RevokeSvids(flags, client, std::cout);
  }

  Result<void> operator()(const AttestFlags& flags) const {
    const auto processes = MakeLinuxProcessOpener();
    const auto attestors = AttestorsBy(flags.config);
    if (!attestors) return attestors.error();
    const SystemClock clock;
    StoppableWaiter waiter{std::stop_token()};
    return Attest(flags, {*processes, *attestors, clock, waiter}, std::cout);
  }

  Result<void> operator()(const TopFlags& flags) const {
    UntilStopped until;
    GrpcAdminClient client(flags.socket);
    return Top(flags, client, AuditFolderOf(flags.folder), SystemClock(), until.stop.get_token(),
               std::cout);
  }

  Result<void> operator()(const EntryImportFlags& flags) const {
    const auto now = std::chrono::floor<Seconds>(SystemClock().Now().wall).time_since_epoch();
    return ImportEntries(flags, SelectorsOfAllAttestors(), now.count(), std::cin, std::cout,
                         std::cerr);
  }

  Result<void> operator()(const DoctorFlags& flags) const {
    const auto all = Gather(flags, SystemClock(), [](const std::string& socket) {
      return std::make_unique<GrpcAdminClient>(socket);
    });
    if (!all) return all.error();
    if (auto became = BecomeUser((*all)->uid); !became) return became;
    const Diagnosis findings = Examine(*all, flags.timeout);
    PrintDiagnosis(findings, flags.output, std::cout);
    if (IsSound(findings)) return {};
    return Error(ErrorCode::kUnavailable, "something is broken: see above");
  }

  Result<void> operator()(const AuditVerifyFlags& flags) const {
    return CheckAuditLog(flags, AuditFolderOf(flags.folder), std::cout);
  }

  Result<void> operator()(const AuditTailFlags& flags) const {
    UntilStopped until;
    return TailAudit(flags, AuditFolderOf(flags.folder), SystemClock(), until.waiter, std::cout);
  }

  Result<void> operator()(const AuditWhyFlags& flags) const {
    return ExplainAudit(flags, AuditFolderOf(flags.folder), SystemClock(), std::cout);
  }

  Result<void> operator()(const PolicyCheckFlags& flags) const {
    return CheckPolicies(flags, std::cout);
  }

  Result<void> operator()(const PolicyShowFlags& flags) const {
    return ShowPolicies(flags, std::cout);
  }

  Result<void> operator()(const PolicyTestFlags& flags) const {
    return RunPolicyCases(flags, std::cout);
  }

  Result<void> operator()(const PolicyEvalFlags& flags) const {
    return EvaluateRequest(flags, std::cin, std::cout);
  }

  Result<void> operator()(const SinkWaitFlags& flags) const {
    UntilStopped until;
    return WaitForSink(flags, SystemClock(), until.waiter, std::cout);
  }

  Result<void> operator()(const PolicySimulateFlags& flags) const {
    return SimulatePolicies(flags, AuditFolderOf(flags.audit), std::cout);
  }
};

int Fail(const Error& error, int status) {
  std::cerr << "surety: " << error.Text() << "\n";
  return status;
}

int Run(std::span<const char* const> arguments) {
  const auto command_line = ParseCommandLine(arguments);
  if (!command_line) return Fail(command_line.error(), kWrongCommandLine);
  if (const auto done = std::visit(RunCommand(), *command_line); !done)
    return Fail(done.error(), kFailed);
  std::cout.flush();
  if (!std::cout)
    return Fail(Error(ErrorCode::kInternal, "not all could be written to the standard output"),
                kFailed);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace surety

int main(int argc, char** argv) {
  try {
    const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
    return surety::Run(words.empty() ? words : words.subspan(1));
  } catch (const std::exception& error) {
    std::cerr << "surety: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
