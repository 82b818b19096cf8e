#include "agent/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "surety/unique_fd.h"

namespace surety {
namespace {

namespace fs = std::filesystem;

/// Stands where systemd does: a datagram socket named in NOTIFY_SOCKET.
class ServiceManagerTest : public ::testing::Test {
 protected:
  ServiceManagerTest() {
    std::string pattern = fs::temp_directory_path() / "surety-notify-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const std::string path = folder_ / "notify";
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(&address.sun_path[0], path.c_str(), sizeof address.sun_path - 1);
    systemd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(systemd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~ServiceManagerTest() override {
    ::unsetenv("NOTIFY_SOCKET");
    fs::remove_all(folder_);
  }

  /// The next message; empty if there is none.
  std::string Heard() {
    std::array<char, 4096> text{};
    const ssize_t got = ::recv(systemd_.get(), text.data(), text.size(), 0);
    return got < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(got));
  }

  fs::path folder_;
  UniqueFd systemd_;
  ServiceManager service_;
};

TEST_F(ServiceManagerTest, IsReadyWithAStatus) {
  ASSERT_TRUE(service_.Ready("serving"));
  EXPECT_EQ(Heard(), "READY=1\nSTATUS=serving");
}

TEST_F(ServiceManagerTest, FeedsTheWatchdogAndTellsAStatusThatChanged) {
  ASSERT_TRUE(service_.Ready("2 entries"));
  Heard();
  ASSERT_TRUE(service_.Alive("2 entries"));
  EXPECT_EQ(Heard(), "WATCHDOG=1");
  ASSERT_TRUE(service_.Alive("3 entries"));
  EXPECT_EQ(Heard(), "WATCHDOG=1\nSTATUS=3 entries");
  ASSERT_TRUE(service_.Alive("3 entries"));
  EXPECT_EQ(Heard(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, ReloadNamesItsMoment) {
  ASSERT_TRUE(service_.Reloading());
  const std::string heard = Heard();
  const std::string begins = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(heard.substr(0, begins.size()), begins);
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto told = std::stoll(heard.substr(begins.size()));
  const auto micro = now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
  EXPECT_LE(told, micro);
  EXPECT_GT(told, micro - 60'000'000);
}

TEST_F(ServiceManagerTest, TellsItsEnd) {
  ASSERT_TRUE(service_.Stopping());
  EXPECT_EQ(Heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, SaysThatNobodyHears) {
  fs::remove(folder_ / "notify");
  const auto told = service_.Alive("serving");
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(told.error().Text().find("NOTIFY_SOCKET"), std::string::npos);
}

TEST_F(ServiceManagerTest, WithoutSystemdItTellsNobody) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(service_.Ready("serving"));
  EXPECT_TRUE(service_.Stopping());
  EXPECT_EQ(Heard(), "");
}

}  // namespace
}  // namespace surety
