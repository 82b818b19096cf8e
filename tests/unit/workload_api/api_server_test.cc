#include "workload_api/api_server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "agent/watch/system_clock.h"
#include "agent/watch/turn_scheduler.h"
#include "attestors/linux_process.h"
#include "tests/fakes/eventually.h"
#include "tests/fakes/fake_walk.h"
#include "workload.grpc.pb.h"

namespace surety {
namespace {

namespace fs = std::filesystem;
using fakes::Eventually;
using ::testing::HasSubstr;

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

class ApiServerTest : public ::testing::Test {
 protected:
  ApiServerTest() {
    std::string pattern = fs::temp_directory_path() / "surety-api-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    auto attestor = std::make_unique<fakes::ScriptedAttestor>();
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
  ~ApiServerTest() override {
    server_.reset();
    scheduler_->Stop();
    fs::remove_all(folder_);
  }

  void Start(UidLimits limits = {},
             std::chrono::milliseconds first_answer = StreamTimes().first_answer) {
    auto server = ApiServer::Start(
        {.walk = {attestors_, entries_, ledger_, history_, policy_, issuer_, bundles_, tokens_,
                  audit_, sanctions_, watcher_, gate_, clock_},
         .rules = {},
         .scheduler = *scheduler_,
         .opener = *opener_,
         .clock = clock_,
         .status = status_,
         .validator = validator_,
         .actions = actions_,
         .logger = logger_},
        {.workload_socket = {.path = folder_ / "w.sock", .mode = 0666, .owner = {}, .group = {}},
         .admin_socket = {.path = folder_ / "a.sock", .mode = 0600, .owner = {}, .group = {}},
         .limits = limits,
         .times = {},
         .streams = {.first_answer = first_answer}});
    ASSERT_TRUE(server) << server.error().Text();
    server_ = *std::move(server);
  }

  std::unique_ptr<SpiffeWorkloadAPI::Stub> Stub() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return SpiffeWorkloadAPI::NewStub(grpc::CreateCustomChannel(
        "unix:" + (folder_ / "w.sock").string(), grpc::InsecureChannelCredentials(), arguments));
  }

  static grpc::Status FirstStatus(SpiffeWorkloadAPI::Stub& stub,
                                  const std::vector<std::string>& header_values) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    for (const auto& value : header_values) context.AddMetadata("workload.spiffe.io", value);
    auto reader = stub.FetchX509SVID(&context, {});
    X509SVIDResponse response;
    if (reader->Read(&response)) {
      context.TryCancel();
      reader->Finish();
      return grpc::Status::OK;
    }
    return reader->Finish();
  }

  fs::path folder_;
  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  SystemClock clock_;
  std::vector<std::unique_ptr<Attestor>> attestors_;
  fakes::ListedEntries entries_;
  fakes::MemoryLedger ledger_;
  fakes::ScriptedPolicy policy_;
  fakes::ScriptedHistory history_;
  fakes::NotingSanctions sanctions_;
  fakes::NotingWatcher watcher_;
  fakes::CountingGate gate_;
  fakes::CountingIssuer issuer_;
  fakes::FixedBundles bundles_;
  fakes::CountingTokens tokens_;
  NoValidator validator_;
  LockedAudit audit_;
  NoStatus status_;
  NoOrders actions_;
  std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  std::unique_ptr<TurnScheduler> scheduler_ = *TurnScheduler::Start(clock_, 1);
  std::unique_ptr<ApiServer> server_;
};

TEST_F(ApiServerTest, GivesAnIdentityOverARealSocket) {
  Start();
  grpc::ClientContext context;
  context.AddMetadata("workload.spiffe.io", "true");
  const auto stub = Stub();
  auto reader = stub->FetchX509SVID(&context, {});
  X509SVIDResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.svids_size(), 1);
  EXPECT_EQ(response.svids(0).spiffe_id(), "spiffe://example.org/web");
  EXPECT_EQ(response.svids(0).x509_svid_key(), std::string("\x01\x02\x03"));
  EXPECT_EQ(response.svids(0).bundle(), "root");
}

TEST_F(ApiServerTest, E3_HeaderMustBeThereOnceAndSpelledExactly) {
  Start();
  const auto stub = Stub();
  EXPECT_TRUE(FirstStatus(*stub, {"true"}).ok());
  for (const std::vector<std::string>& values :
       {std::vector<std::string>{}, {"True"}, {"TRUE"}, {"1"}, {""}, {"true", "true"}}) {
    EXPECT_EQ(FirstStatus(*stub, values).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_EQ(ledger_.pinned.size(), 1U) << "what lacks the header is not even attested";
}

TEST_F(ApiServerTest, E8_CallerWithoutIdentityIsDenied) {
  entries_.entries.clear();
  Start();
  const auto status = FirstStatus(*Stub(), {"true"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("no_entry"));
}

TEST_F(ApiServerTest, E9_TheProfileThatIsNotBuiltIsUnimplementedAfterTheHeader) {
  Start();
  const auto stub = Stub();
  WITSVIDResponse response;
  grpc::ClientContext bare;
  auto reader = stub->FetchWITSVID(&bare, {});
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  grpc::ClientContext with_header;
  with_header.AddMetadata("workload.spiffe.io", "true");
  reader = stub->FetchWITSVID(&with_header, {});
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ApiServerTest, ATokenIsAnsweredOnceAndUndecidedCallsEndUnavailable) {
  Start({}, std::chrono::milliseconds(50));
  const auto stub = Stub();
  JWTSVIDRequest request;
  request.add_audience("reports");
  JWTSVIDResponse response;
  grpc::ClientContext first;
  first.AddMetadata("workload.spiffe.io", "true");
  ASSERT_TRUE(stub->FetchJWTSVID(&first, request, &response).ok());
  ASSERT_EQ(response.svids_size(), 1);
  EXPECT_EQ(response.svids(0).svid(), "web reports");
  // The client has its answer a moment before the server has let go of the call.
  EXPECT_TRUE(Eventually([&] { return gate_.closed == 1; }));

  policy_.answers["web"] = {.verdict = Verdict::kUndecided, .reason = "facts_missing"};
  grpc::ClientContext second;
  second.AddMetadata("workload.spiffe.io", "true");
  const auto status = stub->FetchJWTSVID(&second, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("facts_missing"));
}

TEST_F(ApiServerTest, StopEndsOpenStreamsAsUnavailable) {
  Start();
  grpc::ClientContext context;
  context.AddMetadata("workload.spiffe.io", "true");
  const auto stub = Stub();
  auto reader = stub->FetchX509SVID(&context, {});
  X509SVIDResponse response;
  ASSERT_TRUE(reader->Read(&response));
  server_->Stop(std::chrono::seconds(2));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ApiServerTest, CallsBeyondTheUidsShareAreExhaustedNotInvalid) {
  Start({.calls_per_second = 0.001, .calls_burst = 3});
  const auto stub = Stub();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(FirstStatus(*stub, {"true"}).ok());
  EXPECT_EQ(FirstStatus(*stub, {"true"}).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace surety
