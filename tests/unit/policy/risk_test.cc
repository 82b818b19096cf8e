// The sums are written out beside the expectations.

#include "agent/policy/risk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace surety {
namespace {

using std::chrono::minutes;
using ::testing::DoubleNear;
using ::testing::IsEmpty;

constexpr BootTime kStart{Seconds(1000)};
constexpr double kClose = 0.001;

TEST(Risk, IsNothingWithoutSignals) {
  const RiskAccount account;
  EXPECT_EQ(account.At(kStart).score, 0);
  EXPECT_THAT(account.At(kStart).parts, IsEmpty());
  EXPECT_TRUE(account.Idle(kStart));
}

TEST(Risk, AddsUp) {
  RiskAccount account;
  EXPECT_TRUE(account.Add("drift.executable", kStart));
  EXPECT_TRUE(account.Add("refused", kStart));
  EXPECT_TRUE(account.Add("refused", kStart));
  const Risk risk = account.At(kStart);
  EXPECT_THAT(risk.score, DoubleNear(50, kClose));  // 40 + 5 + 5
  ASSERT_EQ(risk.parts.size(), 2U);
  EXPECT_EQ(risk.parts[0].signal, "drift.executable");
  EXPECT_THAT(risk.parts[0].score, DoubleNear(40, kClose));
  EXPECT_EQ(risk.parts[1].signal, "refused");
  EXPECT_THAT(risk.parts[1].score, DoubleNear(10, kClose));
}

TEST(Risk, HalvesEveryTenMinutes) {
  RiskAccount account;
  account.Add("exe.memfd", kStart);
  EXPECT_THAT(account.At(kStart + minutes(10)).score, DoubleNear(30, kClose));     // 60 / 2
  EXPECT_THAT(account.At(kStart + minutes(20)).score, DoubleNear(15, kClose));     // 60 / 4
  EXPECT_THAT(account.At(kStart + minutes(5)).score, DoubleNear(42.426, kClose));  // 60 / sqrt 2
}

TEST(Risk, AddsToWhatIsLeft) {
  RiskAccount account;
  account.Add("burst", kStart);
  account.Add("burst", kStart + minutes(10));
  EXPECT_THAT(account.At(kStart + minutes(10)).score, DoubleNear(45, kClose));    // 30 / 2 + 30
  EXPECT_THAT(account.At(kStart + minutes(20)).score, DoubleNear(22.5, kClose));  // 45 / 2
}

TEST(Risk, OfOneSignalHasACeiling) {
  RiskAccount account;
  for (int i = 0; i < 100; ++i) account.Add("refused", kStart);
  EXPECT_THAT(account.At(kStart).score, DoubleNear(30, kClose));  // 100 x 5, at most 30
  EXPECT_THAT(account.At(kStart + minutes(10)).score, DoubleNear(15, kClose));
}

TEST(Risk, IsAHundredAtMost) {
  RiskAccount account;
  for (const char* signal : {"exe.memfd", "traced", "drift.executable"})
    account.Add(signal, kStart);
  const Risk risk = account.At(kStart);
  EXPECT_EQ(risk.score, 100);  // 60 + 50 + 40 = 150
  EXPECT_EQ(risk.parts.size(), 3U);
  EXPECT_THAT(account.At(kStart + minutes(10)).score, DoubleNear(75, kClose));  // 150 / 2
}

TEST(Risk, IgnoresWhatItDoesNotKnow) {
  RiskAccount account;
  EXPECT_FALSE(account.Add("moonphase", kStart));
  EXPECT_FALSE(account.Add("", kStart));
  EXPECT_EQ(account.At(kStart).score, 0);
}

TEST(Risk, ForgetsWhatHasDecayed) {
  RiskAccount account;
  account.Add("refused", kStart);
  // 5 / 2^9 = 0.0098
  EXPECT_FALSE(account.Idle(kStart + minutes(80)));
  EXPECT_TRUE(account.Idle(kStart + minutes(90)));
  EXPECT_THAT(account.At(kStart + minutes(90)).parts, IsEmpty());
}

TEST(Risk, DoesNotGrowWhenTimeSeemsToGoBack) {
  RiskAccount account;
  account.Add("traced", kStart);
  EXPECT_THAT(account.At(kStart - minutes(10)).score, DoubleNear(50, kClose));
  account.Add("traced", kStart - minutes(10));
  EXPECT_THAT(account.At(kStart).score, DoubleNear(100, kClose));  // 50 + 50
}

TEST(Risk, IsReadAsItWasWritten) {
  RiskAccount account;
  account.Add("traced", kStart);
  account.Add("refused", kStart + minutes(3));
  const auto read = RiskAccount::Parse(account.Text());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->Text(), account.Text());
  EXPECT_THAT(read->At(kStart + minutes(7)).score,
              DoubleNear(account.At(kStart + minutes(7)).score, kClose));
}

TEST(Risk, DropsSignalsOfAnotherVersion) {
  const auto read = RiskAccount::Parse("moonphase 5000 7 traced 50000 1000000000000");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->At(kStart).parts.size(), 1U);
}

TEST(Risk, BelievesNoStoredNumberAboveTheCeiling) {
  const auto read = RiskAccount::Parse("refused 99999999 1000000000000 refused 5 5");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->At(kStart).score, DoubleNear(30, kClose));
}

class NoRisk : public testing::TestWithParam<const char*> {};

TEST_P(NoRisk, IsDamage) {
  const auto read = RiskAccount::Parse(GetParam());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(All, NoRisk,
                         testing::Values("traced", "traced 5", "traced x 5", "traced 5 x",
                                         "traced -5 5", "traced 5 -5", "traced 5 5 x", " "));

/// The rows "| `name` | points | most | meaning |" of docs/risk.md.
std::string DocumentedTable() {
  std::ifstream file(SURETY_SOURCE_DIR "/docs/risk.md");
  std::string rows;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `")) rows += line + "\n";
  return rows;
}

TEST(Risk, IsDocumentedAsItIs) {
  std::ostringstream table;
  for (const RiskSignal& signal : RiskSignals())
    table << "| `" << signal.name << "` | " << signal.points << " | " << signal.most << " | "
          << signal.meaning << " |\n";
  EXPECT_EQ(DocumentedTable(), table.str());
}

TEST(Risk, IsDocumentedWithItsHalfLife) {
  std::ifstream file(SURETY_SOURCE_DIR "/docs/risk.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(std::regex_search(text, std::regex("half-life is\\s+ten minutes")));
  EXPECT_EQ(kRiskHalfLife, minutes(10));
}

TEST(Risk, SignalsMakeSense) {
  for (const RiskSignal& signal : RiskSignals()) {
    EXPECT_GT(signal.points, 0) << signal.name;
    EXPECT_GE(signal.most, signal.points) << signal.name;
    EXPECT_LE(signal.most, 100) << signal.name;
  }
}

}  // namespace
}  // namespace surety
