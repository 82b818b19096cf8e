// The gRPC client of attestor plug-ins, against real gRPC on a real socket. What it shares
// with the external hook is tried there.

#include "workload_api/client/grpc_attestor_plugin.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "attestor.grpc.pb.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace pb = attestor::v1;

class ScriptedAttestorServer final : public pb::Attestor::Service {
 public:
  grpc::Status Describe(grpc::ServerContext*, const pb::DescribeRequest*,
                        pb::DescribeResponse* response) override {
    response->set_name("scripted");
    response->set_version("3");
    response->add_kinds("job");
    return grpc::Status::OK;
  }
  grpc::Status Attest(grpc::ServerContext* context, const pb::AttestRequest* request,
                      pb::AttestResponse* response) override {
    {
      const std::lock_guard lock(mutex_);
      last_ = *request;
    }
    while (hold && !context->IsCancelled()) std::this_thread::yield();
    *response = answer;
    return status;
  }
  pb::AttestRequest last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  pb::AttestResponse answer;
  grpc::Status status;
  std::atomic<bool> hold = false;

 private:
  mutable std::mutex mutex_;
  pb::AttestRequest last_;  // By mutex_.
};

class GrpcAttestorPluginTest : public ::testing::Test {
 protected:
  GrpcAttestorPluginTest() {
    // A folder of scratch files may be writable by the group.
    EXPECT_EQ(::chmod(socket_.substr(0, socket_.rfind('/')).c_str(), 0755), 0);
  }
  ~GrpcAttestorPluginTest() override { Stop(); }

  void Serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_TRUE(server_);
    ASSERT_EQ(::chmod(socket_.c_str(), 0755), 0);
  }
  void Stop() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_ = nullptr;
  }
  Result<PluginAnswer> Ask(std::chrono::milliseconds timeout = 10s) {
    if (const auto described = plugin_.Describe(10s); !described) return described.error();
    return plugin_.Attest({.process = {42, 1000}, .boot_id = "boot", .uid = 7, .gid = 8}, timeout);
  }
  std::string WrongWith() {
    const auto answer = Ask();
    return answer ? "" : answer.error().Text();
  }

  ScratchFolder scratch_;
  const std::string socket_ = scratch_ / "plugin.sock";
  ScriptedAttestorServer service_;
  std::unique_ptr<grpc::Server> server_;
  GrpcAttestorPlugin plugin_{socket_};
};

TEST_F(GrpcAttestorPluginTest, AsksAndTellsAllThatTheProtocolHasRoomFor) {
  Serve();
  service_.answer.set_start_time(1000);
  auto& selector = *service_.answer.add_selectors();
  selector.set_kind("job");
  selector.set_value("42");
  auto& missing = *service_.answer.add_missing();
  missing.set_kind("step");
  missing.set_why("no access");
  const auto answer = Ask();
  ASSERT_TRUE(answer) << answer.error().Text();
  EXPECT_EQ(answer->start_ticks, 1000U);
  ASSERT_EQ(answer->selectors.size(), 1U);
  EXPECT_EQ(answer->selectors[0].kind + "=" + answer->selectors[0].value, "job=42");
  ASSERT_EQ(answer->missing.size(), 1U);
  EXPECT_EQ(answer->missing[0].kind + "=" + answer->missing[0].value, "step=no access");
  EXPECT_EQ(service_.last().pid(), 42);
  EXPECT_EQ(service_.last().start_time(), 1000U);
  EXPECT_EQ(service_.last().boot_id(), "boot");
  EXPECT_EQ(service_.last().uid(), 7U);
  EXPECT_EQ(service_.last().gid(), 8U);
}

TEST_F(GrpcAttestorPluginTest, IsDescribed) {
  Serve();
  const auto description = plugin_.Describe(10s);
  ASSERT_TRUE(description) << description.error().Text();
  EXPECT_EQ(description->name + " " + description->version, "scripted 3");
  EXPECT_THAT(description->kinds, ElementsAre("job"));
}

TEST_F(GrpcAttestorPluginTest, AStatusThatIsNotOkIsAnError) {
  Serve();
  service_.status = {grpc::StatusCode::NOT_FOUND, "no process 42"};
  EXPECT_EQ(WrongWith(), socket_ + ": no process 42");
  service_.status = {grpc::StatusCode::UNAVAILABLE, "not now"};
  EXPECT_EQ(WrongWith(), socket_ + ": not now");
}

TEST_F(GrpcAttestorPluginTest, OnlyWhoWasDescribedIsAsked) {
  Serve();
  const PluginQuestion question{.process = {42, 1000}, .boot_id = "boot"};
  EXPECT_EQ(plugin_.Attest(question, 10s).error().code(), ErrorCode::kUnavailable);
  ASSERT_TRUE(plugin_.Describe(10s));
  EXPECT_TRUE(plugin_.Attest(question, 10s));
  Stop();
  Serve();
  EXPECT_EQ(plugin_.Attest(question, 10s).error().code(), ErrorCode::kUnavailable);
}

TEST_F(GrpcAttestorPluginTest, AHugeAnswerIsNotTaken) {
  Serve();
  for (int i = 0; i < 100; ++i)
    service_.answer.add_selectors()->set_value(std::string(100'000, 'x'));
  // The rest of it is waited for, up to the deadline.
  EXPECT_EQ(Ask(500ms).error().code(), ErrorCode::kResourceExhausted);
}

TEST_F(GrpcAttestorPluginTest, AnAnswerThatDoesNotComeIsADeadline) {
  Serve();
  service_.hold = true;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask(200ms).error().code(), ErrorCode::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(GrpcAttestorPluginTest, OneThatWasStartedAnewIsAskedWithoutAnError) {
  EXPECT_THAT(WrongWith(), HasSubstr("is the plug-in running?"));
  for (int i = 0; i < 2; ++i) {
    Serve();
    EXPECT_EQ(WrongWith(), "");
    Stop();
  }
}

TEST_F(GrpcAttestorPluginTest, ASocketThatOthersMayUseOrHaveMadeIsNotAsked) {
  Serve();
  ASSERT_EQ(::chmod(socket_.c_str(), 0757), 0);
  EXPECT_THAT(WrongWith(), HasSubstr("chmod o-w"));
  ASSERT_EQ(::chmod(socket_.c_str(), 0755), 0);
  ASSERT_EQ(::chown(socket_.c_str(), 12'099, 12'099), 0);
  EXPECT_THAT(WrongWith(), HasSubstr("run the plug-in as root"));
}

}  // namespace
}  // namespace surety
