#include "agent/issuance/crl_dates_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::sys_seconds;
using testing::HasSubstr;

DiskWrites& Disk() {
  static DiskWrites disk;
  return disk;
}

CrlDates Two() {
  return {{"00ff", {.number = 1'767'225'601, .this_update = sys_seconds(Seconds(1'767'225'600))}},
          {"ab", {.number = 3, .this_update = sys_seconds(Seconds(0))}}};
}

std::string Item(const std::string& text) {
  return R"({"version":1,"authorities":[)" + text + "]}";
}

TEST(CrlDatesFile, TextIsReadBackAsTheSame) {
  for (const CrlDates& dates : {CrlDates(), Two()}) {
    const auto again = ParseCrlDates(PrintCrlDates(dates));
    ASSERT_TRUE(again) << again.error().Text();
    EXPECT_EQ(*again, dates);
  }
}

TEST(CrlDatesFile, AsManyAsThereMayBeFitIn) {
  CrlDates dates;
  for (std::size_t i = 0; i < CrlCalendar::kMostAuthorities; ++i) {
    dates[std::string(250, 'a') + std::to_string(100'000 + i)] = {
        .number = std::uint64_t{1} << 62U, .this_update = CrlCalendar::kLatest};
  }
  EXPECT_TRUE(ParseCrlDates(PrintCrlDates(dates)));
}

TEST(CrlDatesFile, AnythingElseIsDamage) {
  const std::string good = R"({"key_id":"ab","number":1,"this_update":1})";
  ASSERT_TRUE(ParseCrlDates(Item(good)));
  const std::vector<std::string> cases{
      "",
      "{}",
      "[]",
      "null",
      R"({"version":2,"authorities":[]})",
      R"({"version":1,"authorities":{}})",
      R"({"version":1,"authorities":[],"more":1})",
      Item("1"),
      Item(good + "," + good),
      Item(R"({"key_id":"","number":1,"this_update":1})"),
      Item(R"({"key_id":"AB","number":1,"this_update":1})"),
      Item(R"({"key_id":1,"number":1,"this_update":1})"),
      Item(R"({"key_id":"ab","number":-1,"this_update":1})"),
      Item(R"({"key_id":"ab","number":1.5,"this_update":1})"),
      Item(R"({"key_id":"ab","number":9223372036854775808,"this_update":1})"),
      Item(R"({"key_id":"ab","number":1,"this_update":-1})"),
      Item(R"({"key_id":"ab","number":1,"this_update":9223372036854775807})"),
      Item(R"({"key_id":"ab","number":1,"this_update":"1"})"),
      Item(R"({"key_id":"ab","number":1})"),
      std::string(kLargestCrlDates + 1, ' '),
  };
  for (const std::string& text : cases) {
    const auto dates = ParseCrlDates(text);
    ASSERT_FALSE(dates) << text.substr(0, 100);
    EXPECT_EQ(dates.error().code(), ErrorCode::kDataLoss);
  }
}

TEST(CrlDatesFile, IsThereAgainAfterARestart) {
  const TempFolder temp;
  {
    auto file = CrlDatesFile::Open(temp.Path("state"), Disk());
    ASSERT_TRUE(file) << file.error().Text();
    EXPECT_TRUE(file->dates().empty());
    ASSERT_TRUE(file->Write(Two()));
  }
  const auto again = CrlDatesFile::Open(temp.Path("state"), Disk());
  ASSERT_TRUE(again) << again.error().Text();
  EXPECT_EQ(again->dates(), Two());
  struct stat found {};
  ASSERT_EQ(::stat(temp.Path("state/crl/numbers.json").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(CrlDatesFile, DamagedOneIsNamedAndNotReplaced) {
  const TempFolder temp;
  ASSERT_TRUE(CrlDatesFile::Open(temp.Path("state"), Disk()));
  temp.Write("state/crl/numbers.json", "half of");
  const auto file = CrlDatesFile::Open(temp.Path("state"), Disk());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(file.error().Text(), HasSubstr(temp.Path("state/crl/numbers.json")));
  EXPECT_THAT(file.error().Text(), HasSubstr("remove it"));
  EXPECT_EQ(ReadText(temp.Path("state/crl/numbers.json")), "half of");
}

TEST(CrlDatesFile, FolderOpenToOthersIsRefused) {
  const TempFolder temp;
  ASSERT_TRUE(CrlDatesFile::Open(temp.Path("state"), Disk()));
  ASSERT_EQ(::chmod(temp.Path("state/crl").c_str(), 0750), 0);
  const auto file = CrlDatesFile::Open(temp.Path("state"), Disk());
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().Text(), HasSubstr("chmod 0700"));
}

}  // namespace
}  // namespace surety
