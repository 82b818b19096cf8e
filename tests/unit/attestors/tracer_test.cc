#include "attestors/tracer.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

std::string StatusWith(pid_t tracer) {
  return "TracerPid:\t" + std::to_string(tracer) +
         "\nUid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0\nNoNewPrivs:\t0\n";
}

class TracerTest : public ::testing::Test {
 protected:
  Result<uid_t> Ask(pid_t tracer, Result<uid_t> answer = uid_t{1000}) {
    return UidOfTracer(process_, tracer, [answer](pid_t) { return answer; });
  }
  FakeProcess process_;
};

TEST_F(TracerTest, IsToldWhileItHoldsOn) {
  process_.SetFile("status", StatusWith(77));
  EXPECT_EQ(*Ask(77), 1000U);
}

TEST_F(TracerTest, NumberThatIsNoLongerItsTracersIsNotBelieved) {
  for (const pid_t now : {0, 78}) {
    process_.SetFile("status", StatusWith(now));
    EXPECT_EQ(Ask(77).error().code(), ErrorCode::kUnavailable);
  }
}

TEST_F(TracerTest, FailuresAreCouldNotTell) {
  process_.SetFile("status", StatusWith(77));
  EXPECT_EQ(Ask(77, Error(ErrorCode::kPermissionDenied, "no")).error().code(),
            ErrorCode::kPermissionDenied);
  process_.SetFile("status", std::string("nonsense"));
  EXPECT_EQ(Ask(77).error().code(), ErrorCode::kInvalidArgument);
  process_.Exit();
  EXPECT_EQ(Ask(77).error().code(), ErrorCode::kPeerGone);
}

TEST(ReadRealUidOfThread, ReadsThoseThatLeadNoProcess) {
  EXPECT_EQ(*ReadRealUidOfThread(::getpid()), ::getuid());
  std::promise<pid_t> tid;
  std::promise<void> done;
  std::thread thread([&] {
    tid.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
    done.get_future().wait();
  });
  EXPECT_EQ(*ReadRealUidOfThread(tid.get_future().get()), ::getuid());
  done.set_value();
  thread.join();
  EXPECT_EQ(ReadRealUidOfThread(4'194'303).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace surety
