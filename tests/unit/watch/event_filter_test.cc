#include "agent/watch/event_filter.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include "agent/watch/proc_event.h"
#include "surety/unique_fd.h"

// The programs run in the kernel, on a socket whose other end is ours.
namespace surety {
namespace {

using Type = ProcEventType;
constexpr pid_t kOwn = 4242;

std::string Message(Type type, pid_t thread, pid_t process, pid_t child_thread = 0,
                    pid_t child_process = 0) {
  std::string text(76, '\0');
  const auto put = [&text](std::size_t offset, auto value) {
    const auto number = static_cast<std::uint32_t>(value);
    std::memcpy(text.data() + offset, &number, sizeof number);
  };
  put(ProcEventOffset::kType, type);
  put(ProcEventOffset::kThread, thread);
  put(ProcEventOffset::kProcess, process);
  put(ProcEventOffset::kChildThread, child_thread);
  put(ProcEventOffset::kChildProcess, child_process);
  return text;
}

class FilteredSocket {
 public:
  explicit FilteredSocket(SocketFilter filter) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    sending_.Reset(ends[0]);
    receiving_.Reset(ends[1]);
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    EXPECT_EQ(::setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0)
        << std::strerror(errno) << ", " << filter.size() << " instructions";
  }
  [[nodiscard]] bool Passes(const std::string& message) const {
    ::send(sending_.get(), message.data(), message.size(), 0);
    std::array<char, 128> got{};
    return ::recv(receiving_.get(), got.data(), got.size(), 0) ==
           static_cast<ssize_t>(message.size());
  }

 private:
  UniqueFd sending_;
  UniqueFd receiving_;
};

TEST(FollowedFilter, PassesWhatHappensToThoseWhoAreNamed) {
  const FilteredSocket socket(FollowedFilter({7, 300, 70'000}, kOwn));
  for (const auto type : {Type::kExec, Type::kUid, Type::kGid, Type::kSid, Type::kPtrace}) {
    for (const pid_t pid : {7, 300, 70'000}) EXPECT_TRUE(socket.Passes(Message(type, pid, pid)));
    EXPECT_TRUE(socket.Passes(Message(type, 8, 7))) << "another thread of it";
    for (const pid_t pid : {0, 6, 8, 299, 301, 69'999, 1 << 24}) {
      EXPECT_FALSE(socket.Passes(Message(type, pid, pid))) << pid;
    }
  }
}

TEST(FollowedFilter, DropsOtherTypes) {
  const FilteredSocket socket(FollowedFilter({7}, kOwn));
  EXPECT_FALSE(socket.Passes(Message(Type::kFork, 7, 7, 8, 8)));
  EXPECT_FALSE(socket.Passes(Message(Type::kComm, 7, 7)));
  EXPECT_FALSE(socket.Passes(Message(static_cast<Type>(0x80000000), 7, 7)));
  EXPECT_FALSE(socket.Passes(Message(static_cast<Type>(0x40000000), 7, 7)));
}

TEST(FollowedFilter, PassesAcknowledgementsAndOurOwnName) {
  for (const auto& filter : {FollowedFilter({}, kOwn), BirthFilter(kOwn)}) {
    const FilteredSocket socket(filter);
    EXPECT_TRUE(socket.Passes(Message(Type::kAcknowledgement, 0, 0)));
    EXPECT_TRUE(socket.Passes(Message(Type::kComm, kOwn, 1)));
    EXPECT_FALSE(socket.Passes(Message(Type::kComm, kOwn + 1, kOwn)));
  }
}

TEST(FollowedFilter, OfNobodyPassesNobody) {
  const FilteredSocket socket(FollowedFilter({}, kOwn));
  EXPECT_FALSE(socket.Passes(Message(Type::kExec, 7, 7)));
}

TEST(FollowedFilter, DropsWhatIsCutShort) {
  const FilteredSocket socket(FollowedFilter({7}, kOwn));
  EXPECT_FALSE(socket.Passes(Message(Type::kExec, 7, 7).substr(0, 57)));
}

// Each size that makes another tree, with pids of all lengths.
TEST(FollowedFilter, FindsEveryPidHoweverManyThereAre) {
  std::mt19937 random(1);
  std::uniform_int_distribution<pid_t> any(1, 4'194'304);
  for (const std::size_t count : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 500U, 2064U, 3000U}) {
    std::vector<pid_t> pids;
    while (pids.size() < count) {
      const auto pid = any(random);
      if (pid % 2 == 0) pids.push_back(pid);
    }
    const auto filter = FollowedFilter(pids, kOwn);
    ASSERT_LE(filter.size(), 4096U);
    const FilteredSocket socket(filter);
    for (const auto pid : pids) {
      ASSERT_TRUE(socket.Passes(Message(Type::kExec, pid, pid))) << pid << " of " << count;
      ASSERT_FALSE(socket.Passes(Message(Type::kExec, pid, pid + 1))) << pid + 1 << " of " << count;
    }
  }
}

TEST(FollowedFilter, BeyondItsLimitPassesThoseOfAll) {
  std::vector<pid_t> pids;
  for (pid_t pid = 1; pid <= static_cast<pid_t>(kMostFiltered) + 1; ++pid) pids.push_back(pid);
  const FilteredSocket socket(FollowedFilter(pids, kOwn));
  EXPECT_TRUE(socket.Passes(Message(Type::kExec, 999'999, 999'999)));
  EXPECT_FALSE(socket.Passes(Message(Type::kFork, 1, 1, 2, 2)));
}

TEST(BirthFilter, PassesNewProcessesAndNoThreads) {
  const FilteredSocket socket(BirthFilter(kOwn));
  EXPECT_TRUE(socket.Passes(Message(Type::kFork, 7, 7, 8, 8)));
  EXPECT_FALSE(socket.Passes(Message(Type::kFork, 7, 7, 8, 7)));
  EXPECT_FALSE(socket.Passes(Message(Type::kExec, 7, 7)));
}

}  // namespace
}  // namespace surety
