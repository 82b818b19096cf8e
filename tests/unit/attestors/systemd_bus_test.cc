#include "attestors/systemd_bus.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "attestors/boot_now.h"
#include "surety/unique_fd.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A bus that is none: serves one connection with what a test says. The real one is
// asked in tests/systemd.
class BrokenBus {
 public:
  using Behaviour = std::function<void(int connection)>;

  explicit BrokenBus(Behaviour behaviour, uid_t uid = 0)
      : thread_([this, uid, behaviour = std::move(behaviour)] { Serve(uid, behaviour); }) {
    EXPECT_TRUE(testing::Eventually([&] { return listens_.load(); }));
  }
  BrokenBus(const BrokenBus&) = delete;
  BrokenBus& operator=(const BrokenBus&) = delete;
  ~BrokenBus() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] std::string path() const { return folder_.File("bus"); }

 private:
  void Serve(uid_t uid, const Behaviour& behaviour) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    listener_.Reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    // Of this thread alone: the kernel notes who calls listen(2).
    EXPECT_EQ(::syscall(SYS_setresuid, uid, uid, 0), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    EXPECT_EQ(::syscall(SYS_setresuid, 0, 0, 0), 0);
    listens_ = true;
    const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
    if (connection) behaviour(connection.get());
  }

  testing::Folder folder_;
  UniqueFd listener_;
  std::atomic<bool> listens_ = false;
  std::thread thread_;
};

Result<std::optional<UnitFacts>> AskAt(const std::string& socket, milliseconds timeout) {
  return AskSystemBus(socket)("/system.slice/web.service", BootNow() + timeout, std::stop_token());
}

void AwaitEnd(int connection) {
  pollfd polled{connection, POLLRDHUP, 0};
  ::poll(&polled, 1, 10'000);
}

// All that the client says until it is done with greeting.
void Greet(int connection) {
  const std::string_view answer = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n";
  ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
}

TEST(SystemdBus, NobodyThereIsUnavailable) {
  const testing::Folder folder;
  const auto answer = AskAt(folder.File("bus"), seconds(5));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message().find(folder.File("bus")), std::string::npos);
}

TEST(SystemdBus, BusOfAnotherUserIsNotBelieved) {
  const BrokenBus bus(AwaitEnd, 4711);
  const auto answer = AskAt(bus.path(), seconds(5));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kPermissionDenied);
}

TEST(SystemdBus, SilentBusIsGivenUpInTime) {
  for (const bool greets : {false, true}) {
    const BrokenBus bus([greets](int connection) {
      if (greets) Greet(connection);
      AwaitEnd(connection);
    });
    const auto begin = BootNow();
    const auto answer = AskAt(bus.path(), milliseconds(200));
    EXPECT_LT(BootNow() - begin, seconds(5));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::kDeadline);
  }
}

TEST(SystemdBus, QuestionIsGivenUpWhenTold) {
  const BrokenBus bus(AwaitEnd);
  std::stop_source stop;
  stop.request_stop();
  const auto answer =
      AskSystemBus(bus.path())("/x.service", BootNow() + seconds(60), stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
}

TEST(SystemdBus, BusThatEndsIsUnavailable) {
  const BrokenBus bus([](int) {});
  const auto answer = AskAt(bus.path(), seconds(60));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
}

TEST(SystemdBus, NonsenseIsUnavailable) {
  const BrokenBus bus([](int connection) {
    Greet(connection);
    const std::string nonsense(4096, 'x');
    ::send(connection, nonsense.data(), nonsense.size(), MSG_NOSIGNAL);
    AwaitEnd(connection);
  });
  const auto answer = AskAt(bus.path(), seconds(60));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
}

// The header of a message of nearly the most that libsystemd takes, and then bytes
// without end.
TEST(SystemdBus, LongAnswerIsGivenUpAfterAMegabyte) {
  std::size_t sent = 0;
  {
    const BrokenBus bus([&sent](int connection) {
      Greet(connection);
      std::string header = {'l', 4, 0, 1};  // Little endian, a signal, no flags, version 1.
      for (const std::uint32_t field : {8U << 20U, 1U, 0U})
        for (unsigned shift = 0; shift < 32; shift += 8)
          header += static_cast<char>(field >> shift & 0xffU);
      ::send(connection, header.data(), header.size(), MSG_NOSIGNAL);
      const std::string zeros(65'536, '\0');
      ssize_t last = 0;
      while ((last = ::send(connection, zeros.data(), zeros.size(), MSG_NOSIGNAL)) > 0)
        sent += static_cast<std::size_t>(last);
    });
    const auto answer = AskAt(bus.path(), seconds(60));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::kResourceExhausted);
  }
  EXPECT_GT(sent, 1U << 20U);
  EXPECT_LT(sent, 4U << 20U);
}

}  // namespace
}  // namespace surety
