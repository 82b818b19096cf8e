// Envoy's secret discovery service over a real socket.

#include <gmock/gmock.h>

#include "envoy_sds.grpc.pb.h"
#include "envoy_tls.pb.h"
#include "tests/fakes/eventually.h"
#include "tests/unit/workload_api/api_server_fixture.h"
#include "workload.grpc.pb.h"
#include "workload_api/secret_messages.h"

namespace surety {
namespace {

using envoy::extensions::transport_sockets::tls::v3::Secret;
using envoy::service::discovery::v3::DiscoveryRequest;
using envoy::service::discovery::v3::DiscoveryResponse;
using envoy::service::secret::v3::SecretDiscoveryService;
using fakes::Eventually;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Names = std::vector<std::string>;

DiscoveryRequest RequestFor(const Names& names, const std::string& nonce = {}) {
  DiscoveryRequest request;
  request.set_type_url(std::string(kSecretType));
  request.mutable_node()->set_id("front");
  request.set_response_nonce(nonce);
  for (const std::string& name : names) request.add_resource_names(name);
  return request;
}

Secret SecretIn(const DiscoveryResponse& response, int which = 0) {
  Secret secret;
  EXPECT_LT(which, response.resources_size());
  EXPECT_EQ(response.resources(which).type_url(), kSecretType);
  EXPECT_TRUE(secret.ParseFromString(response.resources(which).value()));
  return secret;
}

/// What an Envoy has open for one secret.
class Stream {
 public:
  explicit Stream(std::shared_ptr<grpc::Channel> channel)
      : stub_(SecretDiscoveryService::NewStub(std::move(channel))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    stream_ = stub_->StreamSecrets(&context_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { context_.TryCancel(); }

  bool Ask(const DiscoveryRequest& request) { return stream_->Write(request); }
  /// The answer, or one that says how the stream ended.
  DiscoveryResponse Read() {
    DiscoveryResponse response;
    if (!Next(response)) ADD_FAILURE() << "ended: " << stream_->Finish().error_message();
    return response;
  }
  /// False: the stream has ended.
  bool Next(DiscoveryResponse& response) { return stream_->Read(&response); }
  DiscoveryResponse Get(const Names& names, const std::string& nonce = {}) {
    Ask(RequestFor(names, nonce));
    return Read();
  }
  grpc::Status End() {
    DiscoveryResponse response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  }

 private:
  std::unique_ptr<SecretDiscoveryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<DiscoveryRequest, DiscoveryResponse>> stream_;
};

class SecretServiceTest : public fakes::ApiServerFixture {
 protected:
  grpc::Status EndOf(const DiscoveryRequest& request) {
    Stream stream(Channel());
    stream.Ask(request);
    return stream.End();
  }
  std::string Log() {
    std::string all;
    for (const std::string& line : log_->last_formatted()) all += line;
    return all;
  }
  void SetBundles(std::uint64_t edition, const std::vector<std::string>& crls) {
    BundleSet next = *bundles_.bundles;
    next.edition = edition;
    next.crls = crls;
    bundles_.bundles = std::make_shared<const BundleSet>(std::move(next));
    scheduler_->WakeAll();
  }
};

TEST_F(SecretServiceTest, GivesAnSvidAndWhatToTrustWithoutTheWorkloadApisHeader) {
  Start();
  Stream stream(Channel());
  const auto response = stream.Get({"spiffe://example.org/web", "ROOTCA"});
  EXPECT_EQ(response.type_url(), kSecretType);
  ASSERT_EQ(response.resources_size(), 2);
  const Secret bundle = SecretIn(response, 0);
  EXPECT_EQ(bundle.name(), "ROOTCA");
  EXPECT_EQ(bundle.validation_context().trusted_ca().inline_bytes(),
            "-----BEGIN CERTIFICATE-----\ncm9vdA==\n-----END CERTIFICATE-----\n");
  EXPECT_FALSE(bundle.validation_context().has_crl());
  const Secret svid = SecretIn(response, 1);
  EXPECT_EQ(svid.name(), "spiffe://example.org/web");
  EXPECT_EQ(svid.tls_certificate().certificate_chain().inline_bytes(),
            "-----BEGIN CERTIFICATE-----\nY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(svid.tls_certificate().private_key().inline_bytes(),
            "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n");
}

TEST_F(SecretServiceTest, AllStreamsOfAProcessShareOneSvid) {
  Start();
  const auto channel = Channel();
  const auto workload_api = SpiffeWorkloadAPI::NewStub(channel);
  grpc::ClientContext context;
  context.AddMetadata("workload.spiffe.io", "true");
  const auto reader = workload_api->FetchX509SVID(&context, {});
  X509SVIDResponse response;
  ASSERT_TRUE(reader->Read(&response));
  Stream by_id(channel);
  Stream by_default(channel);
  EXPECT_EQ(SecretIn(by_id.Get({"spiffe://example.org/web"})).tls_certificate().SerializeAsString(),
            SecretIn(by_default.Get({"default"})).tls_certificate().SerializeAsString());
  EXPECT_EQ(issuer_.count, 1);
  context.TryCancel();
}

TEST_F(SecretServiceTest, WhoAsksForBundlesAloneIsIssuedNothing) {
  Start();
  Stream stream(Channel());
  stream.Get({"spiffe://example.org"});
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_EQ(policy_.last_action, Action::kBundles);
}

TEST_F(SecretServiceTest, OtherNamesAreAnsweredAtOnceOnTheSameStream) {
  Start();
  Stream stream(Channel());
  const auto first = stream.Get({"ROOTCA"});
  const auto second = stream.Get({"ROOTCA", "default"}, first.nonce());
  EXPECT_EQ(second.resources_size(), 2);
  EXPECT_NE(second.nonce(), first.nonce());
  EXPECT_NE(second.version_info(), first.version_info());
  const auto third = stream.Get({"ROOTCA"}, second.nonce());
  EXPECT_EQ(third.version_info(), first.version_info()) << "a version is of the content";
}

TEST_F(SecretServiceTest, ANewCrlIsPushedToThoseThatCarryItAlone) {
  Start();
  const auto channel = Channel();
  Stream svid(channel);
  Stream bundle(channel);
  const auto held = svid.Get({"default"});
  const auto first = bundle.Get({"ROOTCA"});
  SetBundles(2, {"crl"});
  const auto pushed = bundle.Read();
  EXPECT_NE(pushed.version_info(), first.version_info());
  const auto context = SecretIn(pushed).validation_context();
  EXPECT_EQ(context.crl().inline_bytes(),
            "-----BEGIN X509 CRL-----\nY3Js\n-----END X509 CRL-----\n");
  EXPECT_TRUE(context.only_verify_leaf_cert_crl());
  // Its next response is the second: there was none in between.
  EXPECT_EQ(svid.Get({"default", "ROOTCA"}, held.nonce()).nonce(), "2");
}

TEST_F(SecretServiceTest, ARefusedResponseIsLoggedAndNotRepeated) {
  Start();
  Stream stream(Channel());
  const auto first = stream.Get({"ROOTCA"});
  auto refusal = RequestFor({"ROOTCA"}, first.nonce());
  refusal.mutable_error_detail()->set_message("bad\x1b[2J" + std::string(1'000, 'x'));
  stream.Ask(refusal);
  EXPECT_TRUE(Eventually([&] { return Log().find("bad?[2Jxxx") != std::string::npos; }));
  EXPECT_THAT(Log(), HasSubstr("node \"front\""));
  EXPECT_THAT(Log(), HasSubstr("[warning]"));
  SetBundles(2, {"crl"});
  EXPECT_EQ(stream.Read().nonce(), "2") << "what changed is sent, and nothing before it";
}

TEST_F(SecretServiceTest, AStaleNonceIsIgnored) {
  Start();
  Stream stream(Channel());
  const auto first = stream.Get({"ROOTCA"});
  stream.Ask(RequestFor({"spiffe://example.org/db"}, "none"));
  EXPECT_EQ(stream.Get({"ALL"}, first.nonce()).nonce(), "2");
}

TEST_F(SecretServiceTest, NobodyGetsTheSecretOfAnother) {
  Start();
  for (const std::string name : {"spiffe://example.org/db", "spiffe://other.org", "nonsense"}) {
    const auto status = EndOf(RequestFor({"default", name}));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(status.error_message(), HasSubstr(name));
    EXPECT_THAT(Log(), HasSubstr(name));
  }
}

TEST_F(SecretServiceTest, RefusalAndDoubtEndTheStreamAsElsewhere) {
  policy_.answers["web"] = {.verdict = Verdict::kRefuse, .reason = "not_today"};
  Start({}, std::chrono::milliseconds(50));
  const auto refused = EndOf(RequestFor({"default"}));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("not_today"));
  policy_.answers["web"] = {.verdict = Verdict::kUndecided, .reason = "facts_missing"};
  const auto undecided = EndOf(RequestFor({"default"}));
  EXPECT_EQ(undecided.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(undecided.error_message(), HasSubstr("facts_missing"));
}

TEST_F(SecretServiceTest, ARefusalLaterEndsAStreamThatWasServed) {
  Start();
  Stream stream(Channel());
  stream.Get({"default"});
  policy_.answers["web"] = {.verdict = Verdict::kRefuse, .reason = "jumped"};
  scheduler_->WakeAll();
  EXPECT_EQ(stream.End().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SecretServiceTest, FetchSecretsAnswersOnce) {
  Start();
  const auto stub = SecretDiscoveryService::NewStub(Channel());
  grpc::ClientContext context;
  DiscoveryResponse response;
  ASSERT_TRUE(stub->FetchSecrets(&context, RequestFor({}), &response).ok());
  ASSERT_EQ(response.resources_size(), 2);
  EXPECT_EQ(SecretIn(response, 0).name(), "spiffe://example.org");
  EXPECT_EQ(SecretIn(response, 1).name(), "spiffe://example.org/web");
  EXPECT_EQ(response.nonce(), "");
  // The client has its answer a moment before the server has let go of the call.
  EXPECT_TRUE(Eventually([&] { return gate_.closed == 1; }));
}

TEST_F(SecretServiceTest, WhatIsNoRequestForSecretsIsInvalid) {
  Start();
  auto clusters = RequestFor({});
  clusters.set_type_url("type.googleapis.com/envoy.config.cluster.v3.Cluster");
  auto long_node = RequestFor({});
  long_node.mutable_node()->set_id(std::string(1'025, 'n'));
  for (const auto& request :
       {clusters, long_node, RequestFor(Names(kMostSecretNames + 1, "default")),
        RequestFor({std::string(kLongestSecretName + 1, 'x')}),
        RequestFor({}, std::string(65, '1'))}) {
    EXPECT_EQ(EndOf(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_EQ(policy_.calls, 0) << "nothing is even decided for it";
  auto implied = RequestFor({"ROOTCA"});
  implied.clear_type_url();
  Stream stream(Channel());
  stream.Ask(implied);
  EXPECT_EQ(stream.Read().resources_size(), 1);
}

TEST_F(SecretServiceTest, TooManyRequestsEndTheStream) {
  Start();
  Stream stream(Channel());
  const auto first = stream.Get({"ROOTCA"});
  for (int i = 0; i < 200 && stream.Ask(RequestFor({"ROOTCA"}, first.nonce())); ++i) {
  }
  EXPECT_EQ(stream.End().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Each is a turn, however many streams they are spread over.
TEST_F(SecretServiceTest, TooManyChangesOfNamesEndTheStream) {
  Start();
  const auto channel = Channel();
  int changes = 0;
  grpc::Status end;
  while (end.ok() && changes < 500) {
    Stream stream(channel);
    auto last = stream.Get({"ROOTCA"});
    bool goes_on = true;
    for (int i = 0; i < 20 && goes_on; ++i, ++changes) {
      stream.Ask(RequestFor({i % 2 == 0 ? "ALL" : "ROOTCA"}, last.nonce()));
      goes_on = stream.Next(last);
    }
    if (!goes_on) end = stream.End();
  }
  EXPECT_EQ(end.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GE(changes, 60);
}

TEST_F(SecretServiceTest, AProcessMayHaveSoManyStreams) {
  Start();
  const auto channel = Channel();
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < ProcessStreams::kMostSecretStreams; ++i) {
    streams.push_back(std::make_unique<Stream>(channel));
    streams.back()->Get({"ROOTCA"});
  }
  const auto status = EndOf(RequestFor({"ROOTCA"}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("64 streams of secrets"));
}

}  // namespace
}  // namespace surety
