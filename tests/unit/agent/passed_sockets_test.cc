#include "agent/passed_sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace surety {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START

/// In a process of its own, where descriptors 3 and up can be whatever they have to be.
[[noreturn]] void TakeAs(int count, const std::string& names) {
  for (int i = 0; i < count; ++i) {
    const UniqueFd fd(::fcntl(::eventfd(0, 0), F_DUPFD, 100));
    ::dup2(fd.get(), kFirst + i);
  }
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  const auto taken = TakePassedSockets();
  if (taken)
    std::cerr << "workload " << taken->workload.get() << ", admin " << taken->admin.get()
              << ", close on exec " << ::fcntl(kFirst, F_GETFD) << ", left "
              << (::getenv("LISTEN_FDS") == nullptr ? "nothing" : "something") << '\n';
  else
    std::cerr << taken.error().Text() << '\n';
  ::_exit(taken ? 0 : 1);
}

const ::testing::ExitedWithCode kTaken(0);
const ::testing::ExitedWithCode kRefused(1);

TEST(PassedSocketsTest, AreTakenByName) {
  EXPECT_EXIT(TakeAs(2, "admin:workload"), kTaken,
              "workload 4, admin 3, close on exec 1, left nothing");
  EXPECT_EXIT(TakeAs(1, "workload"), kTaken, "workload 3, admin -1");
}

TEST(PassedSocketsTest, UnknownNameIsAnErrorThatSaysWhatToDo) {
  EXPECT_EXIT(TakeAs(1, "suretyd.socket"), kRefused,
              "named \"suretyd.socket\": set FileDescriptorName=");
}

TEST(PassedSocketsTest, TwoOfOneNameAreAnError) {
  EXPECT_EXIT(TakeAs(2, "workload:workload"), kRefused, "two sockets named \"workload\"");
}

TEST(PassedSocketsTest, ThoseOfAnotherProcessAreNotOurs) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  const auto taken = TakePassedSockets();
  ASSERT_TRUE(taken);
  EXPECT_FALSE(taken->workload);
  EXPECT_FALSE(taken->admin);
}

}  // namespace
}  // namespace surety
