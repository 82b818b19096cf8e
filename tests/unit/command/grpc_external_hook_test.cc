// The gRPC client of the external hook, against real gRPC on a real socket.

#include "workload_api/client/grpc_external_hook.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "hook.grpc.pb.h"
#include "surety/unique_fd.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace pb = hook::v1;

constexpr uid_t kStranger = 12'099;

/// Says `answer`, or waits until the asker has gone.
class ScriptedHookServer final : public pb::Hook::Service {
 public:
  grpc::Status Decide(grpc::ServerContext* context, const pb::DecideRequest* request,
                      pb::DecideResponse* response) override {
    ++asked;
    {
      const std::lock_guard lock(mutex_);
      last = *request;
    }
    while (hold && !context->IsCancelled()) std::this_thread::yield();
    *response = answer;
    return status;
  }
  pb::DecideResponse answer;
  grpc::Status status;
  std::atomic<bool> hold = false;
  std::atomic<int> asked = 0;
  pb::DecideRequest last;

 private:
  std::mutex mutex_;
};

class GrpcExternalHookTest : public ::testing::Test {
 protected:
  GrpcExternalHookTest() {
    decided_.verdict = Verdict::kAllow;
    decided_.reason = "entry_matched";
    decided_.policies = {"entry"};
    decided_.observed = {"seen"};
    decided_.obligations.ttl_cap = Seconds(600);
    decided_.obligations.alert = true;
    decided_.facts = "{}";
    service_.answer.set_verdict(pb::VERDICT_ALLOW);
    // A folder of scratch files may be writable by the group.
    EXPECT_EQ(::chmod(folder().c_str(), 0755), 0);
  }
  ~GrpcExternalHookTest() override { Stop(); }

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
  Result<HookAnswer> Ask(std::chrono::milliseconds timeout = 10s) {
    return hook_.Ask({.action = Action::kRotate,
                      .spiffe_id = "spiffe://example.org/web",
                      .entry_id = "web",
                      .decided = decided_},
                     timeout);
  }
  std::string WrongWith() {
    const auto answer = Ask();
    return answer ? "" : answer.error().Text();
  }
  std::string folder() const { return socket_.substr(0, socket_.rfind('/')); }

  ScratchFolder scratch_;
  const std::string socket_ = scratch_ / "hook.sock";
  ScriptedHookServer service_;
  std::unique_ptr<grpc::Server> server_;
  Decision decided_;
  GrpcExternalHook hook_{socket_};
};

TEST_F(GrpcExternalHookTest, TellsAllThatTheProtocolHasRoomFor) {
  Serve();
  ASSERT_TRUE(Ask());
  const pb::DecideRequest& got = service_.last;
  EXPECT_EQ(got.action(), pb::ACTION_ROTATE);
  EXPECT_EQ(got.spiffe_id(), "spiffe://example.org/web");
  EXPECT_EQ(got.entry_id(), "web");
  EXPECT_EQ(got.facts(), "{}");
  EXPECT_EQ(got.decided().reason(), "entry_matched");
  EXPECT_THAT(got.decided().policies(), ElementsAre("entry"));
  EXPECT_THAT(got.decided().observed(), ElementsAre("seen"));
  EXPECT_EQ(got.decided().obligations().ttl_cap_seconds(), 600U);
  EXPECT_TRUE(got.decided().obligations().alert());
}

TEST_F(GrpcExternalHookTest, TakesEachAnswerOver) {
  Serve();
  struct Case {
    pb::Verdict said;
    Verdict heard;
  };
  for (const auto& [said, heard] :
       {Case{pb::VERDICT_ALLOW, Verdict::kAllow}, Case{pb::VERDICT_REFUSE, Verdict::kRefuse},
        Case{pb::VERDICT_CHALLENGE, Verdict::kChallenge},
        Case{pb::VERDICT_UNDECIDED, Verdict::kUndecided}}) {
    service_.answer.set_verdict(said);
    const auto answer = Ask();
    ASSERT_TRUE(answer) << answer.error().Text();
    EXPECT_EQ(answer->verdict, heard);
    EXPECT_EQ(answer->obligations, Obligations());
  }
  service_.answer.set_reason("why");
  auto& duties = *service_.answer.mutable_obligations();
  duties.set_ttl_cap_seconds(60);
  duties.set_revoke(true);
  duties.set_quarantine(true);
  duties.set_quarantine_seconds(3'600);
  duties.set_alert(true);
  const auto answer = Ask();
  ASSERT_TRUE(answer) << answer.error().Text();
  EXPECT_EQ(answer->reason, "why");
  EXPECT_EQ(answer->obligations, (Obligations{.ttl_cap = Seconds(60),
                                              .revoke = true,
                                              .quarantine = true,
                                              .quarantine_for = Seconds(3'600),
                                              .alert = true}));
}

TEST_F(GrpcExternalHookTest, AVerdictThatIsUnknownOrMissingIsNoAnswer) {
  Serve();
  for (const int verdict : {0, 5, 99, -1}) {
    service_.answer.set_verdict(static_cast<pb::Verdict>(verdict));
    EXPECT_THAT(WrongWith(), HasSubstr("but " + std::to_string(verdict)));
  }
}

TEST_F(GrpcExternalHookTest, AFieldThatIsUnknownIsNoAnswer) {
  Serve();
  auto& answer = service_.answer;
  answer.GetReflection()->MutableUnknownFields(&answer)->AddVarint(9, 1);
  EXPECT_THAT(WrongWith(), HasSubstr("does not know"));
  answer.GetReflection()->MutableUnknownFields(&answer)->Clear();
  EXPECT_EQ(WrongWith(), "");
  auto& duties = *answer.mutable_obligations();
  duties.GetReflection()->MutableUnknownFields(&duties)->AddVarint(9, 1);
  EXPECT_THAT(WrongWith(), HasSubstr("does not know"));
}

TEST_F(GrpcExternalHookTest, ADurationWithoutAQuarantineIsNoAnswer) {
  Serve();
  service_.answer.mutable_obligations()->set_quarantine_seconds(60);
  EXPECT_THAT(WrongWith(), HasSubstr("without one"));
}

TEST_F(GrpcExternalHookTest, ALargeAnswerIsNone) {
  Serve();
  service_.answer.set_reason(std::string(20'000, 'x'));
  EXPECT_THAT(WrongWith(), HasSubstr(socket_));
}

TEST_F(GrpcExternalHookTest, AnErrorOfTheHookIsNoAnswer) {
  Serve();
  service_.status = {grpc::StatusCode::UNKNOWN, "division by zero\n"};
  EXPECT_EQ(WrongWith(), socket_ + ": division by zero?");
}

TEST_F(GrpcExternalHookTest, IsWaitedForNoLongerThanTold) {
  Serve();
  ASSERT_TRUE(Ask());
  service_.hold = true;
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = Ask(200ms);
  const auto took = std::chrono::steady_clock::now() - begun;
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kDeadline);
  EXPECT_GE(took, 190ms);
  EXPECT_LT(took, 2s);
}

TEST_F(GrpcExternalHookTest, OneThatWasStartedAnewIsAskedWithoutAnError) {
  Serve();
  ASSERT_TRUE(Ask());
  Stop();
  EXPECT_THAT(WrongWith(), HasSubstr("is the hook running?"));
  Serve();
  ASSERT_TRUE(Ask());
  Stop();
  Serve();
  EXPECT_EQ(WrongWith(), "");
}

TEST_F(GrpcExternalHookTest, ManyAskAtOnce) {
  Serve();
  std::atomic<int> answered = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([&] {
      for (int j = 0; j < 50; ++j) answered += Ask() ? 1 : 0;
    });
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(answered, 400);
  EXPECT_EQ(service_.asked, 400);
}

TEST_F(GrpcExternalHookTest, ASocketOfAnotherUserIsNotAsked) {
  Serve();
  ASSERT_EQ(::chown(socket_.c_str(), kStranger, kStranger), 0);
  EXPECT_THAT(WrongWith(), HasSubstr("belongs to uid 12099"));
  EXPECT_EQ(service_.asked, 0);
}

TEST_F(GrpcExternalHookTest, ASocketThatAnybodyMayUseOrReplaceIsNotAsked) {
  Serve();
  ASSERT_EQ(::chmod(socket_.c_str(), 0757), 0);
  EXPECT_THAT(WrongWith(), HasSubstr("chmod o-w"));
  ASSERT_EQ(::chmod(socket_.c_str(), 0770), 0);
  EXPECT_EQ(WrongWith(), "");
  for (const mode_t mode : {0775U, 0757U, 01777U}) {
    GrpcExternalHook fresh(socket_);
    ASSERT_EQ(::chmod(folder().c_str(), mode), 0);
    const auto answer = fresh.Ask({.action = Action::kIssue,
                                   .spiffe_id = "spiffe://example.org/web",
                                   .entry_id = "web",
                                   .decided = decided_},
                                  10s);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().Text(), HasSubstr("chmod go-w"));
  }
}

TEST_F(GrpcExternalHookTest, WhatIsNoSocketIsNotAsked) {
  ASSERT_EQ(::mkdir(socket_.c_str(), 0755), 0);
  EXPECT_THAT(WrongWith(), HasSubstr("is not a socket"));
}

// A socket of root's, which another user's process listens on.
TEST_F(GrpcExternalHookTest, AProcessOfAnotherUserIsNotAsked) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setresuid(kStranger, kStranger, kStranger) != 0 || ::listen(socket.get(), 8) != 0)
      ::_exit(1);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(WrongWith(), HasSubstr("the process that listens, " + std::to_string(child) +
                                     ", belongs to uid 12099"));
}

}  // namespace
}  // namespace surety
