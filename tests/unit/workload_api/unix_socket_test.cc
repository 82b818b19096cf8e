#include "workload_api/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace surety {
namespace {

namespace fs = std::filesystem;

class UnixSocketTest : public ::testing::Test {
 protected:
  UnixSocketTest() {
    std::string pattern = fs::temp_directory_path() / "surety-socket-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    fs::permissions(folder_, fs::perms(0755));
  }
  ~UnixSocketTest() override { fs::remove_all(folder_); }

  SocketOptions Options(mode_t mode = 0600) { return {.path = folder_ / "api.sock", .mode = mode}; }

  static bool CanConnect(const std::string& path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(&address.sun_path[0], path.c_str(), sizeof address.sun_path - 1);
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  static mode_t ModeOf(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  /// As systemd makes one: it blocks.
  UniqueFd Made(const std::string& path, mode_t mode, int type = SOCK_STREAM) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(&address.sun_path[0], path.c_str(), sizeof address.sun_path - 1);
    UniqueFd fd(::socket(AF_UNIX, type, 0));
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    fs::permissions(path, fs::perms(mode));
    return fd;
  }
  UniqueFd Listening(const std::string& path, mode_t mode = 0600) {
    UniqueFd fd = Made(path, mode);
    EXPECT_EQ(::listen(fd.get(), 5), 0);
    return fd;
  }
  std::string ErrorOf(const UniqueFd& passed, SocketOptions options) {
    options.passed = passed.get();
    const auto socket = UnixSocket::Listen(options);
    EXPECT_FALSE(socket);
    return socket ? "" : socket.error().Text();
  }

  fs::path folder_;
};

TEST_F(UnixSocketTest, ListensWithTheModeAskedForWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  const auto socket = UnixSocket::Listen(Options(0666));
  ::umask(before);
  ASSERT_TRUE(socket);
  EXPECT_EQ(ModeOf(socket->path()), 0666U);
  EXPECT_TRUE(CanConnect(socket->path()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 1)
      << "nothing else is left in the folder";
}

TEST_F(UnixSocketTest, ReplacesWhatADeadDaemonLeftBehind) {
  {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(&address.sun_path[0], Options().path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_FALSE(CanConnect(Options().path));
  const auto socket = UnixSocket::Listen(Options());
  ASSERT_TRUE(socket) << socket.error().Text();
  EXPECT_TRUE(CanConnect(Options().path));
}

TEST_F(UnixSocketTest, LeavesASocketThatIsServedAlone) {
  const auto first = UnixSocket::Listen(Options());
  ASSERT_TRUE(first);
  const auto second = UnixSocket::Listen(Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_TRUE(CanConnect(Options().path));
}

TEST_F(UnixSocketTest, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream(Options().path) << "precious";
  const auto socket = UnixSocket::Listen(Options());
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_TRUE(fs::is_regular_file(Options().path));
}

TEST_F(UnixSocketTest, RefusesAFolderThatOthersCanWriteTo) {
  fs::permissions(folder_, fs::perms(0777));
  const auto socket = UnixSocket::Listen(Options());
  ASSERT_FALSE(socket);
  EXPECT_NE(socket.error().Text().find("chmod go-w"), std::string::npos);
}

TEST_F(UnixSocketTest, RefusesAFolderOfAnotherUser) {
  ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0) << "this test runs as root";
  const auto socket = UnixSocket::Listen(Options());
  ASSERT_FALSE(socket);
  EXPECT_NE(socket.error().Text().find("belongs to uid 12345"), std::string::npos);
}

TEST_F(UnixSocketTest, RefusesAFolderThatIsALink) {
  fs::create_directory_symlink(folder_, folder_ / "link");
  EXPECT_FALSE(UnixSocket::Listen({.path = folder_ / "link" / "api.sock"}));
}

TEST_F(UnixSocketTest, MakesTheFolderIfItsParentIsThere) {
  EXPECT_TRUE(UnixSocket::Listen({.path = folder_ / "run" / "api.sock"}));
  EXPECT_EQ(ModeOf(folder_ / "run"), 0755U);
  EXPECT_FALSE(UnixSocket::Listen({.path = folder_ / "no" / "such" / "api.sock"}));
}

TEST_F(UnixSocketTest, PathMustFitIntoTheKernelsAddress) {
  const std::string room(107 - folder_.string().size() - 1, 'a');
  EXPECT_TRUE(UnixSocket::Listen({.path = folder_ / room}));
  const auto socket = UnixSocket::Listen({.path = folder_ / (room + "a")});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(socket.error().Text().find("108 bytes"), std::string::npos);
}

TEST_F(UnixSocketTest, GivesOwnerAndGroup) {
  auto options = Options(0660);
  options.owner = 4321;
  options.group = 1234;
  const auto socket = UnixSocket::Listen(options);
  ASSERT_TRUE(socket) << "this test runs as root";
  struct stat status {};
  ASSERT_EQ(::lstat(options.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 4321U);
  EXPECT_EQ(status.st_gid, 1234U);
}

TEST_F(UnixSocketTest, RemovesItsPathButNotASuccessors) {
  const std::string path = Options().path;
  {
    const auto socket = UnixSocket::Listen(Options());
    ASSERT_TRUE(socket);
  }
  EXPECT_FALSE(fs::exists(path));

  auto first = UnixSocket::Listen(Options());
  ASSERT_TRUE(first);
  fs::rename(path, path + ".old");
  const auto second = UnixSocket::Listen(Options());
  ASSERT_TRUE(second);
  { const UnixSocket going = *std::move(first); }
  EXPECT_TRUE(CanConnect(path));
}

TEST_F(UnixSocketTest, PassedSocketIsServedAndStaysWhenWeGo) {
  const UniqueFd passed = Listening(Options().path);
  auto options = Options();
  options.passed = passed.get();
  {
    const auto socket = UnixSocket::Listen(options);
    ASSERT_TRUE(socket) << socket.error().Text();
    EXPECT_NE(socket->fd(), passed.get());
    EXPECT_NE(::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_TRUE(CanConnect(options.path));
    const UniqueFd accepted(::accept(socket->fd(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
  }
  EXPECT_TRUE(CanConnect(options.path)) << "who waits is served by our successor";
}

TEST_F(UnixSocketTest, PassedSocketOfAnotherPathIsRefused) {
  const std::string other = folder_ / "other.sock";
  const std::string error = ErrorOf(Listening(other), Options());
  EXPECT_NE(error.find(other), std::string::npos) << error;
  EXPECT_NE(error.find("ListenStream="), std::string::npos) << error;
}

TEST_F(UnixSocketTest, PassedSocketThatDoesNotListenIsRefused) {
  EXPECT_NE(ErrorOf(Made(Options().path, 0600), Options()).find("does not listen"),
            std::string::npos);
}

TEST_F(UnixSocketTest, PassedSocketOfAnotherSortIsRefused) {
  const std::string no_stream = "is no Unix stream socket";
  EXPECT_NE(ErrorOf(Made(Options().path, 0600, SOCK_DGRAM), Options()).find(no_stream),
            std::string::npos);
  const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_NE(ErrorOf(tcp, Options()).find(no_stream), std::string::npos);
  const UniqueFd file(::open("/dev/null", O_RDONLY));
  EXPECT_NE(ErrorOf(file, Options()).find(no_stream), std::string::npos);
}

TEST_F(UnixSocketTest, PassedSocketThatLetsOthersInThanConfiguredIsRefused) {
  const UniqueFd passed = Listening(Options().path, 0666);
  const std::string error = ErrorOf(passed, Options(0600));
  EXPECT_NE(error.find("mode 0666 and not 0600"), std::string::npos) << error;
  auto options = Options(0666);
  options.group = 1234;
  EXPECT_NE(ErrorOf(passed, options).find("SocketGroup="), std::string::npos);
}

TEST_F(UnixSocketTest, PassedSocketInAFolderOfOthersIsRefused) {
  const UniqueFd passed = Listening(Options().path);
  fs::permissions(folder_, fs::perms(0777));
  EXPECT_NE(ErrorOf(passed, Options()).find("chmod go-w"), std::string::npos);
}

}  // namespace
}  // namespace surety
