#include "workload_api/frame_guard.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace surety {
namespace {

constexpr std::uint8_t kData = 0x0;
constexpr std::uint8_t kHeaders = 0x1;
constexpr std::uint8_t kContinuation = 0x9;
constexpr std::uint8_t kEndHeaders = 0x4;

using Bytes = std::vector<std::uint8_t>;

Bytes Preface() {
  constexpr std::string_view kText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  return {kText.begin(), kText.end()};
}

void AddFrame(Bytes& to, std::uint8_t type, std::uint8_t flags, std::size_t size) {
  to.insert(to.end(),
            {static_cast<std::uint8_t>(size >> 16U), static_cast<std::uint8_t>(size >> 8U),
             static_cast<std::uint8_t>(size), type, flags, 0, 0, 0, 1});
  to.insert(to.end(), size, 0xff);
}

// What Take says at last, however the bytes were cut.
bool Accepted(const Bytes& bytes, std::size_t piece) {
  FrameGuard guard;
  bool accepted = true;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    accepted = guard.Take(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
  return accepted;
}

class FrameGuardTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FrameGuardTest, LetsBlocksThroughThatEnd) {
  Bytes bytes = Preface();
  for (int call = 0; call < 50; ++call) {
    AddFrame(bytes, kHeaders, 0, 8'000);
    AddFrame(bytes, kContinuation, kEndHeaders, 8'000);
    AddFrame(bytes, kData, kEndHeaders, 70'000);
  }
  EXPECT_TRUE(Accepted(bytes, GetParam()));
}

TEST_P(FrameGuardTest, FindsABlockThatDoesNotEnd) {
  Bytes bytes = Preface();
  AddFrame(bytes, kHeaders, 0, 100);
  for (int i = 0; i < 3; ++i) AddFrame(bytes, kContinuation, 0, 16'000);
  EXPECT_FALSE(Accepted(bytes, GetParam()));
}

TEST_P(FrameGuardTest, CountsEmptyFramesToo) {
  Bytes bytes = Preface();
  AddFrame(bytes, kHeaders, 0, 0);
  for (int i = 0; i < 4'000; ++i) AddFrame(bytes, kContinuation, 0, 0);
  EXPECT_FALSE(Accepted(bytes, GetParam()));
}

TEST_P(FrameGuardTest, FindsASingleFrameThatIsTooLong) {
  Bytes bytes = Preface();
  AddFrame(bytes, kHeaders, kEndHeaders, 40'000);
  EXPECT_FALSE(Accepted(bytes, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Cut, FrameGuardTest, ::testing::Values(1, 7, 9, 4'096, 10'000'000));

TEST(FrameGuardTest, SaysNoBeforeTheBytesThatAreTooMany) {
  Bytes bytes = Preface();
  AddFrame(bytes, kHeaders, 0, 100);
  AddFrame(bytes, kContinuation, 0, FrameGuard::kMaxHeaderBlock);
  FrameGuard guard;
  EXPECT_FALSE(guard.Take(std::span(bytes).first(24 + 9 + 100 + 9)));
}

TEST(FrameGuardTest, StaysBroken) {
  Bytes bytes = Preface();
  AddFrame(bytes, kHeaders, kEndHeaders, 40'000);
  FrameGuard guard;
  EXPECT_FALSE(guard.Take(bytes));
  Bytes more;
  AddFrame(more, kData, 0, 10);
  EXPECT_FALSE(guard.Take(more));
}

}  // namespace
}  // namespace surety
