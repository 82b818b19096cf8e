#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "agent/watch/system_clock.h"
#include "agent/watch/turn_scheduler.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_walk.h"
#include "workload_api/api_server.h"

namespace surety::fakes {

class NoStatus final : public StatusSource {
 public:
  [[nodiscard]] DaemonStatus Status() const override { return {}; }
};

class NoOrders final : public AdminActions {
 public:
  [[nodiscard]] std::vector<Quarantine> Quarantines() const override { return {}; }
  Result<Quarantine> AddQuarantine(const QuarantineOrder& /*order*/,
                                   const Operator& /*by*/) override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
  Result<Quarantine> ReleaseQuarantine(std::uint64_t /*id*/, const std::string& /*reason*/,
                                       const Operator& /*by*/) override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
  Result<std::uint32_t> RevokeSvids(const RevocationOrder& /*order*/,
                                    const Operator& /*by*/) override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
};

class NoBundles final : public BundleActions {
 public:
  [[nodiscard]] std::vector<HeldBundle> HeldBundles() const override { return {}; }
  [[nodiscard]] Result<std::string> BundleDocument(
      const std::optional<TrustDomain>& /*trust_domain*/) const override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
  Result<BundleSetOutcome> SetBundle(const TrustDomain& /*trust_domain*/,
                                     std::string_view /*document*/,
                                     const Operator& /*by*/) override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
  Result<void> DeleteBundle(const TrustDomain& /*trust_domain*/, const Operator& /*by*/) override {
    return Error(ErrorCode::kInternal, "not in this test");
  }
};

class NoValidator final : public TokenValidator {
 public:
  [[nodiscard]] Result<ValidatedToken> Validate(std::string_view /*token*/,
                                                std::string_view /*audience*/,
                                                WallTime /*now*/) const override {
    return Error(ErrorCode::kInvalidArgument, "not in this test");
  }
};

class LockedAudit final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& /*event*/) override { return std::string("d-1"); }
  Result<void> Note(const AuditNotice& /*notice*/) override { return {}; }
};

/// Real gRPC on a real socket, with a walk made of fakes.
class ApiServerFixture : public ::testing::Test {
 protected:
  ApiServerFixture() {
    std::string pattern = std::filesystem::temp_directory_path() / "surety-api-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    auto attestor = std::make_unique<ScriptedAttestor>();
    attestor->answer.selectors.Insert({"unix", "uid:0"});
    attestors_.push_back(std::move(attestor));
    entries_.entries.push_back(
        std::make_shared<Entry>(Entry{.id = "web",
                                      .spiffe_id = *SpiffeId::Parse("spiffe://example.org/web"),
                                      .selectors = {{"unix", "uid:0"}},
                                      .x509_ttl = Seconds(600),
                                      .hint = {},
                                      .dns_names = {}}));
  }
  ~ApiServerFixture() override {
    server_.reset();
    scheduler_->Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start(UidLimits limits = {},
             std::chrono::milliseconds first_answer = StreamTimes().first_answer) {
    auto server = ApiServer::Start(
        {.walk = {attestors_, entries_, ledger_, history_, policy_, issuer_, bundles_, tokens_,
                  federation_, audit_, sanctions_, watcher_, gate_, clock_},
         .rules = {},
         .scheduler = *scheduler_,
         .opener = *opener_,
         .clock = clock_,
         .status = status_,
         .validator = validator_,
         .actions = actions_,
         .bundles = held_bundles_,
         .logger = logger_},
        {.workload_socket = {.path = folder_ / "w.sock", .mode = 0666, .owner = {}, .group = {}},
         .admin_socket = {.path = folder_ / "a.sock", .mode = 0600, .owner = {}, .group = {}},
         .limits = limits,
         .times = {},
         .streams = {.first_answer = first_answer}});
    ASSERT_TRUE(server) << server.error().Text();
    server_ = *std::move(server);
  }

  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("unix:" + (folder_ / "w.sock").string(),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  std::filesystem::path folder_;
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(100);
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>("test", log_);
  SystemClock clock_;
  std::vector<std::unique_ptr<Attestor>> attestors_;
  ListedEntries entries_;
  MemoryLedger ledger_;
  ScriptedPolicy policy_;
  ScriptedHistory history_;
  NotingSanctions sanctions_;
  NotingWatcher watcher_;
  CountingGate gate_;
  CountingIssuer issuer_;
  FixedBundles bundles_;
  CountingTokens tokens_;
  ListedFederation federation_;
  NoValidator validator_;
  LockedAudit audit_;
  NoStatus status_;
  NoOrders actions_;
  NoBundles held_bundles_;
  std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  std::unique_ptr<TurnScheduler> scheduler_ = *TurnScheduler::Start(clock_, 1);
  std::unique_ptr<ApiServer> server_;
};

}  // namespace surety::fakes
