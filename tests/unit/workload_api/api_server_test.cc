#include "workload_api/api_server.h"

#include <gmock/gmock.h>

#include "tests/fakes/eventually.h"
#include "tests/unit/workload_api/api_server_fixture.h"
#include "workload.grpc.pb.h"

namespace surety {
namespace {

using fakes::Eventually;
using ::testing::HasSubstr;

class ApiServerTest : public fakes::ApiServerFixture {
 protected:
  std::unique_ptr<SpiffeWorkloadAPI::Stub> Stub() const {
    return SpiffeWorkloadAPI::NewStub(Channel());
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
