#include "agent/command/top_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const WallTime kFrameTime{Seconds(1'800'000'000)};

TopView WithProcesses(int count) {
  DaemonStatus status;
  status.trust_domain = "example.org";
  for (int i = 0; i < count; ++i)
    status.sessions.push_back({.pid = 100 + i,
                               .uid = 1001,
                               .method = "FetchX509SVID",
                               .spiffe_ids = {"spiffe://example.org/web"},
                               .state = "served",
                               .opened_at = {},
                               .last_push = {},
                               .next_turn = kFrameTime + Seconds(60)});
  return {.status = status};
}

TEST(TopFrame, ShowsEachProcessOnceWithItsStreamsAndIds) {
  TopView view = WithProcesses(1);
  view.status->sessions.push_back(view.status->sessions.front());
  const auto lines = TopFrame(view, TopEvents(""), kFrameTime, std::nullopt);
  EXPECT_THAT(lines, Contains("100  1001  2        served  in 1m 0s   spiffe://example.org/web"));
}

TEST(TopFrame, FitsIntoItsRoomAndSaysWhatIsLeftOut) {
  const auto lines =
      TopFrame(WithProcesses(50), TopEvents(""), kFrameTime, TopSize{.lines = 20, .columns = 40});
  EXPECT_THAT(lines, SizeIs(20));
  EXPECT_THAT(lines, Contains("... and 37 more"));
  EXPECT_THAT(lines, Each(Not(SizeIs(::testing::Gt(40U)))));
}

TEST(TopFrame, CutsBetweenCharacters) {
  TopView view{.why_silent = "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"};
  const auto lines = TopFrame(view, TopEvents(""), kFrameTime, TopSize{.lines = 2, .columns = 29});
  EXPECT_THAT(lines.back(), ::testing::EndsWith(": \xc3\xa4"));
}

TEST(TopFrame, EscapesWhatOthersChose) {
  TopView view = WithProcesses(1);
  view.status->sessions.front().state = "\x1b[2Jserved";
  view.status->degraded = {"bad\nname\x07"};
  Quarantine quarantine;
  quarantine.lineage = "unit:\x1b]0;x";
  view.quarantines.push_back(quarantine);
  const auto lines = TopFrame(view, TopEvents(""), kFrameTime, std::nullopt);
  for (const std::string& line : lines)
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
  EXPECT_THAT(lines, Contains(HasSubstr(R"(bad\x0aname\x07)")));
}

TEST(TopFrame, SaysWhyADaemonIsSilent) {
  const TopView view{.why_silent = "no such socket"};
  EXPECT_THAT(TopFrame(view, TopEvents(""), kFrameTime, std::nullopt),
              Contains(HasSubstr("no such socket")));
}

}  // namespace
}  // namespace surety
