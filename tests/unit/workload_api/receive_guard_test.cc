#include "workload_api/receive_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr uid_t kStranger = 1002;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class ReceiveGuardTest : public ::testing::Test {
 protected:
  ReceiveGuardTest() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    client_ = UniqueFd(pair[0]);
    server_ = UniqueFd(pair[1]);
    EXPECT_TRUE(ReceiveGuard::NameSenders(server_.get()));
    guard_.emplace(server_.get(), ::getpid(), ::geteuid(), [this](Offence offence, pid_t sender) {
      offence_ = offence;
      sender_ = sender;
      ++told_;
    });
  }

  void Send(std::string_view bytes) const {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  // Sends the bytes from a process of its own, of that user, and returns its pid.
  pid_t SendFromAnother(std::string_view bytes, uid_t user = kStranger) const {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const bool sent = ::setresuid(user, user, user) == 0 &&
                        ::send(client_.get(), bytes.data(), bytes.size(), 0) >= 0;
      ::_exit(sent ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    return pid;
  }
  // As gRPC reads: into several pieces, without room for anything else.
  ssize_t Receive() {
    std::array<iovec, 2> pieces{{{buffer_.data(), 10}, {buffer_.data() + 10, buffer_.size() - 10}}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t received = ::recvmsg(server_.get(), &message, 0);
    flags_ = message.msg_flags;
    return received;
  }

  UniqueFd client_;
  UniqueFd server_;
  std::array<char, 65'536> buffer_{};
  int flags_ = 0;
  std::optional<Offence> offence_;
  pid_t sender_ = 0;
  int told_ = 0;
  std::optional<ReceiveGuard> guard_;
};

TEST_F(ReceiveGuardTest, IsWhatTheProgramCalls) { EXPECT_TRUE(ReceiveGuard::Ready()); }

TEST_F(ReceiveGuardTest, LetsTheConnectorsBytesThroughUnchanged) {
  Send(kPreface);
  ASSERT_EQ(Receive(), static_cast<ssize_t>(kPreface.size()));
  EXPECT_EQ(std::string_view(buffer_.data(), kPreface.size()), kPreface);
  EXPECT_EQ(flags_, 0);
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(errno, EAGAIN);
  client_.Reset();
  EXPECT_EQ(Receive(), 0);
  EXPECT_EQ(told_, 0);
}

TEST_F(ReceiveGuardTest, BytesOfAnotherUserAreNotHandedOn) {
  Send(kPreface);
  const pid_t other = SendFromAnother("from another");
  ASSERT_EQ(Receive(), static_cast<ssize_t>(kPreface.size()));
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(offence_, Offence::kOtherUser);
  EXPECT_EQ(sender_, other);
}

TEST_F(ReceiveGuardTest, AnotherProcessOfTheUserIsToldOfOnceAndHeard) {
  Send(kPreface);
  const pid_t other = SendFromAnother("from a child", ::geteuid());
  ASSERT_EQ(Receive(), static_cast<ssize_t>(kPreface.size()));
  EXPECT_EQ(Receive(), 12);
  EXPECT_EQ(offence_, Offence::kOtherProcess);
  EXPECT_EQ(sender_, other);
  SendFromAnother("and again", ::geteuid());
  EXPECT_EQ(Receive(), 9);
  EXPECT_EQ(told_, 1);
}

TEST_F(ReceiveGuardTest, AnotherUserBehindAChildOfTheConnectorIsFoundOut) {
  SendFromAnother(kPreface, ::geteuid());
  EXPECT_GT(Receive(), 0);
  SendFromAnother("of another user");
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(offence_, Offence::kOtherUser);
  EXPECT_EQ(told_, 2);
}

TEST_F(ReceiveGuardTest, StaysClosedAndTellsOnce) {
  SendFromAnother(kPreface);
  EXPECT_EQ(Receive(), -1);
  Send("again");
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(told_, 1);
}

TEST_F(ReceiveGuardTest, HeaderBlockThatDoesNotEndIsCut) {
  Send(kPreface);
  ASSERT_GT(Receive(), 0);
  const std::string frame("\x00\xff\xff\x01\x00\x00\x00\x00\x01", 9);
  Send(frame);
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(offence_, Offence::kHeaderBlock);
}

TEST_F(ReceiveGuardTest, DescriptorsThatAreSentAreNotTaken) {
  const int lowest = UniqueFd(::dup(0)).get();
  std::array<char, CMSG_SPACE(sizeof(int) * 2)> control{};
  std::string bytes(kPreface);
  iovec piece{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int) * 2);
  const std::array<int, 2> sent{client_.get(), client_.get()};
  std::memcpy(CMSG_DATA(part), sent.data(), sizeof sent);
  ASSERT_GT(::sendmsg(client_.get(), &message, 0), 0);
  ASSERT_EQ(Receive(), static_cast<ssize_t>(kPreface.size()));
  EXPECT_EQ(UniqueFd(::dup(0)).get(), lowest);
  EXPECT_EQ(told_, 0);
}

TEST_F(ReceiveGuardTest, LaterSocketOfTheSameNumberIsNotGuarded) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  ASSERT_EQ(::dup3(pair[1], server_.get(), O_CLOEXEC), server_.get());
  client_ = UniqueFd(pair[0]);
  ::close(pair[1]);
  SendFromAnother("of no concern");
  EXPECT_EQ(Receive(), 13);
}

TEST_F(ReceiveGuardTest, EndsWithItsOwner) {
  guard_.reset();
  SendFromAnother("of no concern");
  EXPECT_EQ(Receive(), 13);
}

}  // namespace
}  // namespace surety
