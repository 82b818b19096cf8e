#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <future>
#include <limits>
#include <mutex>

#include "admin.grpc.pb.h"
#include "surety/unique_fd.h"
#include "tests/unit/command/scratch_folder.h"
#include "workload.grpc.pb.h"
#include "workload_api/client/grpc_admin_client.h"
#include "workload_api/client/grpc_workload_client.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Sends `messages` and then ends with `status`, or waits for the client to go.
class ScriptedWorkloadApi final : public SpiffeWorkloadAPI::Service {
 public:
  grpc::Status FetchX509SVID(grpc::ServerContext* context, const X509SVIDRequest* /*request*/,
                             grpc::ServerWriter<X509SVIDResponse>* writer) override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [key, value] : context->client_metadata())
        if (std::string(key.data(), key.size()) == "workload.spiffe.io")
          headers.emplace_back(value.data(), value.size());
    }
    for (const auto& message : messages) writer->Write(message);
    while (hold && !context->IsCancelled()) std::this_thread::yield();
    if (context->IsCancelled()) cancelled = true;
    return status;
  }

  std::vector<X509SVIDResponse> messages;
  grpc::Status status;
  bool hold = false;
  std::atomic<bool> cancelled = false;
  std::vector<std::string> headers;

 private:
  std::mutex mutex_;
};

class ScriptedAdmin final : public admin::v1::Admin::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext* /*context*/,
                         const admin::v1::GetStatusRequest* /*request*/,
                         admin::v1::GetStatusResponse* response) override {
    *response = answer;
    return status;
  }
  grpc::Status GetBundle(grpc::ServerContext* /*context*/,
                         const admin::v1::GetBundleRequest* request,
                         admin::v1::GetBundleResponse* response) override {
    response->set_document("{" + request->trust_domain() + "}");
    return status;
  }
  grpc::Status ListBundles(grpc::ServerContext* /*context*/,
                           const admin::v1::ListBundlesRequest* /*request*/,
                           admin::v1::ListBundlesResponse* response) override {
    admin::v1::HeldBundle& mapped = *response->add_bundles();
    mapped.set_trust_domain("quiet.org");
    mapped.set_in_map(true);
    admin::v1::HeldBundle& full = *response->add_bundles();
    full.set_trust_domain("partner.example");
    full.set_x509_authorities(2);
    full.set_jwt_keys(1);
    full.set_sequence(7);
    full.set_refresh_hint_seconds(300);
    return status;
  }
  grpc::Status SetBundle(grpc::ServerContext* /*context*/,
                         const admin::v1::SetBundleRequest* request,
                         admin::v1::SetBundleResponse* response) override {
    response->set_changed(true);
    response->add_warnings(request->trust_domain() + " " + request->document());
    return status;
  }
  grpc::Status DeleteBundle(grpc::ServerContext* /*context*/,
                            const admin::v1::DeleteBundleRequest* request,
                            admin::v1::DeleteBundleResponse* /*response*/) override {
    return {grpc::StatusCode::NOT_FOUND, "no bundle of " + request->trust_domain()};
  }
  admin::v1::GetStatusResponse answer;
  grpc::Status status;
};

class GrpcClient : public ::testing::Test {
 protected:
  void Serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(&workload_api);
    builder.RegisterService(&admin_api);
    server = builder.BuildAndStart();
    ASSERT_TRUE(server);
  }
  void TearDown() override {
    if (server) server->Shutdown(std::chrono::system_clock::now());
  }

  ScratchFolder scratch;
  const std::string socket = scratch / "s.sock";
  ScriptedWorkloadApi workload_api;
  ScriptedAdmin admin_api;
  std::unique_ptr<grpc::Server> server;
};

X509SVIDResponse Message(const std::string& id) {
  X509SVIDResponse message;
  X509SVID* svid = message.add_svids();
  svid->set_spiffe_id(id);
  svid->set_x509_svid("chain");
  svid->set_x509_svid_key("key");
  svid->set_bundle("bundle");
  svid->set_hint("hint");
  message.add_crl("crl");
  (*message.mutable_federated_bundles())["spiffe://other.org"] = "other";
  return message;
}

TEST_F(GrpcClient, FetchTakesTheFirstMessageAndHangsUp) {
  workload_api.messages = {Message("spiffe://example.org/a"), Message("spiffe://example.org/b")};
  workload_api.hold = true;
  Serve();
  const auto update = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_TRUE(update) << update.error().Text();
  ASSERT_EQ(update->svids.size(), 1U);
  const DeliveredSvid& svid = update->svids[0];
  EXPECT_EQ(svid.spiffe_id, "spiffe://example.org/a");
  EXPECT_EQ(svid.chain_der, "chain");
  EXPECT_EQ(svid.bundle_der, "bundle");
  EXPECT_EQ(svid.hint, "hint");
  const auto key = svid.key_der.Reveal();
  EXPECT_EQ(std::string(key.begin(), key.end()), "key");
  EXPECT_EQ(update->crls, std::vector<std::string>{"crl"});
  EXPECT_EQ(update->federated_bundles.at("spiffe://other.org"), "other");

  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!workload_api.cancelled && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_TRUE(workload_api.cancelled);
}

TEST_F(GrpcClient, E3SendsTheSecurityHeaderOnceOnBothCalls) {
  workload_api.messages = {Message("spiffe://example.org/a")};
  Serve();
  GrpcWorkloadClient client(socket);
  ASSERT_TRUE(client.FetchX509(10s));
  static_cast<void>(client.WatchX509([](const WorkloadUpdate& /*update*/) {}, {}));
  EXPECT_EQ(workload_api.headers, (std::vector<std::string>{"true", "true"}));
}

TEST_F(GrpcClient, StatusCodesBecomeErrors) {
  struct Case {
    grpc::StatusCode status;
    ErrorCode error;
  };
  Serve();
  for (const auto& [status, error] :
       {Case{grpc::StatusCode::PERMISSION_DENIED, ErrorCode::kPermissionDenied},
        Case{grpc::StatusCode::INVALID_ARGUMENT, ErrorCode::kInvalidArgument},
        Case{grpc::StatusCode::UNAVAILABLE, ErrorCode::kUnavailable},
        Case{grpc::StatusCode::CANCELLED, ErrorCode::kUnavailable},
        Case{grpc::StatusCode::RESOURCE_EXHAUSTED, ErrorCode::kResourceExhausted},
        Case{grpc::StatusCode::UNIMPLEMENTED, ErrorCode::kNotFound},
        Case{grpc::StatusCode::INTERNAL, ErrorCode::kInternal}}) {
    workload_api.status = grpc::Status(status, "the \x1b[1mreason");
    const auto update = GrpcWorkloadClient(socket).FetchX509(10s);
    ASSERT_FALSE(update);
    EXPECT_EQ(update.error().code(), error) << status;
    EXPECT_THAT(update.error().Text(), HasSubstr(socket));
    EXPECT_THAT(update.error().Text(), HasSubstr("the ?[1mreason"));
  }
}

TEST_F(GrpcClient, AStreamThatEndsWellWithoutAMessageIsWorthAnotherTry) {
  Serve();
  const auto update = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_FALSE(update);
  EXPECT_EQ(update.error().code(), ErrorCode::kUnavailable);
}

TEST_F(GrpcClient, AnAnswerThatDoesNotComeIsADeadline) {
  workload_api.hold = true;
  Serve();
  const auto update = GrpcWorkloadClient(socket).FetchX509(200ms);
  ASSERT_FALSE(update);
  EXPECT_EQ(update.error().code(), ErrorCode::kDeadline);
}

TEST_F(GrpcClient, AMessageAboveTheLimitIsRefusedAndOneBelowIsTaken) {
  X509SVIDResponse large = Message("spiffe://example.org/a");
  (*large.mutable_federated_bundles())["spiffe://big.org"] = std::string(8UL << 20U, 'x');
  workload_api.messages = {large};
  Serve();
  const auto taken = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_TRUE(taken) << taken.error().Text();
  (*workload_api.messages[0].mutable_federated_bundles())["spiffe://big.org"] =
      std::string(17UL << 20U, 'x');
  const auto refused = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
}

TEST_F(GrpcClient, WatchHandsOverEveryMessageAndThenTheReason) {
  workload_api.messages = {Message("spiffe://example.org/a"), Message("spiffe://example.org/b")};
  workload_api.status = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "gone");
  Serve();
  std::vector<std::string> ids;
  const Error ended = GrpcWorkloadClient(socket).WatchX509(
      [&](const WorkloadUpdate& update) { ids.push_back(update.svids[0].spiffe_id); }, {});
  EXPECT_EQ(ids, (std::vector<std::string>{"spiffe://example.org/a", "spiffe://example.org/b"}));
  EXPECT_EQ(ended.code(), ErrorCode::kPermissionDenied);
}

TEST_F(GrpcClient, WatchEndsWhenItIsToldToStop) {
  workload_api.messages = {Message("spiffe://example.org/a")};
  workload_api.hold = true;
  Serve();
  std::stop_source stop;
  std::promise<void> first;
  auto ended = std::async(std::launch::async, [&] {
    return GrpcWorkloadClient(socket).WatchX509(
        [&](const WorkloadUpdate& /*update*/) { first.set_value(); }, stop.get_token());
  });
  ASSERT_EQ(first.get_future().wait_for(10s), std::future_status::ready);
  stop.request_stop();
  ASSERT_EQ(ended.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(ended.get().code(), ErrorCode::kUnavailable);
}

TEST_F(GrpcClient, WatchThatIsStoppedBeforehandEndsAtOnce) {
  workload_api.hold = true;
  Serve();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(GrpcWorkloadClient(socket)
                .WatchX509([](const WorkloadUpdate& /*update*/) { FAIL(); }, stop.get_token())
                .code(),
            ErrorCode::kUnavailable);
}

TEST_F(GrpcClient, ALostDaemonIsUnavailable) {
  workload_api.messages = {Message("spiffe://example.org/a")};
  workload_api.hold = true;
  Serve();
  const Error ended = GrpcWorkloadClient(socket).WatchX509(
      [&](const WorkloadUpdate& /*update*/) { server->Shutdown(std::chrono::system_clock::now()); },
      {});
  EXPECT_EQ(ended.code(), ErrorCode::kUnavailable);
}

TEST_F(GrpcClient, AMissingSocketIsNamed) {
  const auto update = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_FALSE(update);
  EXPECT_EQ(update.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(update.error().Text(), socket + ": no such socket (is suretyd running?)");
}

UniqueFd BindTo(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

TEST_F(GrpcClient, AStaleSocketIsNamed) {
  BindTo(socket);
  const auto update = GrpcWorkloadClient(socket).FetchX509(10s);
  ASSERT_FALSE(update);
  EXPECT_THAT(update.error().Text(), HasSubstr("nobody listens on this socket"));
}

TEST_F(GrpcClient, AFullBacklogIsWaitedForAndThenNamed) {
  const UniqueFd listening = BindTo(socket);
  ASSERT_EQ(::listen(listening.get(), 0), 0);
  GrpcWorkloadClient client(socket);
  EXPECT_EQ(client.FetchX509(100ms).error().code(), ErrorCode::kDeadline);
  EXPECT_THAT(client.FetchX509(100ms).error().Text(), HasSubstr("takes no further connection"));
}

TEST_F(GrpcClient, APathThatIsTooLongIsNamed) {
  const auto update = GrpcWorkloadClient("/" + std::string(107, 'a')).FetchX509(10s);
  ASSERT_FALSE(update);
  EXPECT_THAT(update.error().Text(), HasSubstr("at most 107 bytes"));
}

TEST_F(GrpcClient, APathWithUriCharactersIsReached) {
  const_cast<std::string&>(socket) = scratch / "a?b#c%20d.sock";
  const UniqueFd listening = BindTo(socket);
  ASSERT_EQ(::listen(listening.get(), 8), 0);
  EXPECT_EQ(GrpcWorkloadClient(socket).FetchX509(100ms).error().code(), ErrorCode::kDeadline);
}

TEST_F(GrpcClient, StatusIsTakenOverFieldByField) {
  auto& answer = admin_api.answer;
  answer.set_version("0.1.0");
  answer.set_trust_domain("example.org");
  answer.set_pid(4711);
  answer.mutable_started_at()->set_seconds(1'767'225'600);
  answer.set_bundle_revision(7);
  answer.add_degraded("no kernel events");
  auto* authority = answer.add_authorities();
  authority->set_phase("active");
  authority->mutable_not_after()->set_seconds(std::numeric_limits<std::int64_t>::max());
  authority->mutable_not_after()->set_nanos(999'999'999);
  authority->mutable_next_change()->set_seconds(-5);
  answer.mutable_entries()->set_count(12);
  answer.mutable_load()->set_streams(3);
  answer.mutable_load()->set_refused_calls_total(9);
  auto* session = answer.add_sessions();
  session->set_pid(100);
  session->add_spiffe_ids("spiffe://example.org/a");
  Serve();

  const auto status = GrpcAdminClient(socket).GetStatus(10s);
  ASSERT_TRUE(status) << status.error().Text();
  EXPECT_EQ(status->version, "0.1.0");
  EXPECT_EQ(status->pid, 4711);
  EXPECT_EQ(status->started_at, WallTime(1'767'225'600s));
  EXPECT_EQ(status->degraded, std::vector<std::string>{"no kernel events"});
  ASSERT_EQ(status->authorities.size(), 1U);
  EXPECT_EQ(status->authorities[0].not_before, std::nullopt);
  EXPECT_GT(status->authorities[0].not_after, WallTime(9'000'000'000s));
  EXPECT_EQ(status->authorities[0].next_change, WallTime(0s));
  EXPECT_EQ(status->entries.count, 12U);
  EXPECT_EQ(status->load.streams, 3U);
  EXPECT_EQ(status->load.refused_calls_total, 9U);
  ASSERT_EQ(status->sessions.size(), 1U);
  EXPECT_EQ(status->sessions[0].spiffe_ids, std::vector<std::string>{"spiffe://example.org/a"});
  EXPECT_EQ(status->sessions[0].last_push, std::nullopt);
}

TEST_F(GrpcClient, TheBundleIsAsTheDaemonWroteIt) {
  Serve();
  EXPECT_EQ(*GrpcAdminClient(socket).GetBundle({}, 10s), "{}");
  EXPECT_EQ(*GrpcAdminClient(socket).GetBundle(*TrustDomain::Parse("a.org"), 10s), "{a.org}");
}

TEST_F(GrpcClient, OrdersOfBundlesReachTheDaemon) {
  Serve();
  GrpcAdminClient client(socket);
  const TrustDomain partner = *TrustDomain::Parse("partner.example");
  const auto held = client.ListBundles(10s);
  ASSERT_TRUE(held) << held.error().Text();
  ASSERT_EQ(held->size(), 2U);
  EXPECT_EQ(held->front().sequence, std::nullopt);
  EXPECT_TRUE(held->front().in_map);
  EXPECT_FALSE(held->back().in_map);
  EXPECT_EQ(held->back().trust_domain, "partner.example");
  EXPECT_EQ(held->back().x509_authorities, 2U);
  EXPECT_EQ(held->back().jwt_keys, 1U);
  EXPECT_EQ(held->back().sequence, 7U);
  EXPECT_EQ(held->back().refresh_hint, Seconds(300));
  const auto set = client.SetBundle(partner, "{}", 10s);
  ASSERT_TRUE(set) << set.error().Text();
  EXPECT_TRUE(set->changed);
  EXPECT_EQ(set->warnings, std::vector<std::string>{"partner.example {}"});
  const auto deleted = client.DeleteBundle(partner, 10s);
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().code(), ErrorCode::kNotFound);
}

TEST_F(GrpcClient, ARefusedStatusIsAnError) {
  admin_api.status = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "uid 1001 may not ask");
  Serve();
  const auto status = GrpcAdminClient(socket).GetStatus(10s);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace surety
