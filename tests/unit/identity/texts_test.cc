#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/identity/dns_name.h"
#include "agent/identity/duration_text.h"
#include "agent/identity/nearest_name.h"
#include "agent/identity/one_line.h"
#include "agent/identity/toml_depth.h"

namespace surety {
namespace {

using testing::HasSubstr;

TEST(DurationTextTest, ReadsUnitsFromLargeToSmall) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"0s", 0},       {"30s", 30},     {"15m", 900},         {"90m", 5400},
      {"1h30m", 5400}, {"7d", 604'800}, {"1d1h1m1s", 90'061}, {"1h5s", 3605},
  };
  for (const auto& [text, seconds] : cases) {
    const auto span = ParseDuration(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(span->count(), seconds) << text;
  }
}

TEST(DurationTextTest, RefusesWhatIsNotADuration) {
  for (const std::string text :
       {"", "10", "s", "ten minutes", "-5m", "+5m", " 5m", "5m ", "5 m", "1.5h", "5ms", "5M",
        "1m1h", "1m1m", "1h30", "99999999999s", "36501d", "4294967295d", "0x5s"}) {
    const auto span = ParseDuration(text);
    ASSERT_FALSE(span) << text;
    EXPECT_THAT(span.error().message(), HasSubstr("is not a duration")) << text;
  }
}

TEST(DurationTextTest, WritesWhatItReads) {
  for (const std::string text : {"0s", "59s", "1h30m", "7d", "1d1h1m1s", "36500d"}) {
    const auto span = ParseDuration(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(DurationText(*span), text);
  }
}

TEST(DurationTextTest, FineOnesHaveMillisecondsToo) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"0s", 0}, {"250ms", 250}, {"1s500ms", 1'500}, {"1m1ms", 60'001}, {"60s", 60'000}};
  for (const auto& [text, milliseconds] : cases) {
    const auto span = ParseFineDuration(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(span->count(), milliseconds) << text;
  }
  for (const std::string text : {"250", "0.25s", "1ms1s", "1ms1ms", "1mss", "1 ms", "1MS", "1us"}) {
    const auto span = ParseFineDuration(text);
    ASSERT_FALSE(span) << text;
    EXPECT_THAT(span.error().message(), HasSubstr("is not a duration")) << text;
  }
  EXPECT_THAT(ParseFineDuration("1us").error().message(), HasSubstr("d, h, m, s and ms"));
  EXPECT_EQ(FineDurationText(std::chrono::milliseconds(61'250)), "1m1s250ms");
}

TEST(DnsNameTest, TakesHostNamesInLowerCase) {
  for (const std::string name : {"web", "web.internal", "a-b.0c.internal", "xn--bcher-kva.example",
                                 "*.web.internal", "1.web", "10.0.0.in-addr.arpa"}) {
    const auto checked = CheckDnsName(name);
    EXPECT_TRUE(checked) << name;
  }
  EXPECT_TRUE(CheckDnsName(std::string(63, 'a') + ".internal"));
}

TEST(DnsNameTest, RefusesEverythingElseAndSaysWhy) {
  const std::string label(63, 'a');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is empty"},
      {".", "empty label"},
      {"web.", "empty label"},
      {".web", "empty label"},
      {"a..b", "empty label"},
      {"Web.internal", "is not lower case"},
      {"web_1.internal", "a byte other than"},
      {"web internal", "a byte other than"},
      {"b\xc3\xbc"
       "cher.example",
       "a byte other than"},
      {"spiffe://x/y", "a byte other than"},
      {"-web.internal", "begins or ends with '-'"},
      {"web-.internal", "begins or ends with '-'"},
      {"192.0.2.1", "ends in a number"},
      {"2001:db8::1", "a byte other than"},
      {"12", "ends in a number"},
      {"*", "fewer than two labels"},
      {"*.", "fewer than two labels"},
      {"*.internal", "fewer than two labels"},
      {"w*.web.internal", "a byte other than"},
      {"web.*.internal", "a byte other than"},
      {"*.*.web.internal", "a byte other than"},
      {std::string(64, 'a') + ".internal", "more than 63 bytes"},
      {label + "." + label + "." + label + "." + label, "longer than 253 bytes"},
  };
  for (const auto& [name, says] : cases) {
    const auto checked = CheckDnsName(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_THAT(checked.error().message(), HasSubstr(says)) << name;
  }
}

TEST(NearestNameTest, FindsTheNameThatWasMeant) {
  constexpr std::array<std::string_view, 4> kNames{"hint", "x509_ttl", "spiffe_id", "selectors"};
  EXPECT_EQ(NearestName("x509_tll", kNames), "x509_ttl");
  EXPECT_EQ(NearestName("spiffeid", kNames), "spiffe_id");
  EXPECT_EQ(NearestName("selector", kNames), "selectors");
  EXPECT_EQ(NearestName("hnit", kNames), "hint");
  EXPECT_EQ(NearestName("colour", kNames), "");
  EXPECT_EQ(NearestName("", kNames), "");
  EXPECT_EQ(NearestName(std::string(100'000, 'x'), kNames), "");
  EXPECT_EQ(NearestName("hint", {}), "");
}

TEST(OneLineTest, NoControlByteIsLeftAndAllElseIs) {
  EXPECT_EQ(OneLine("a\nb\x1b[2J\x7f\t\xc3\xbc \xff"), "a?b?[2J??\xc3\xbc \xff");
  EXPECT_EQ(OneLine(std::string_view("a\0b\r\n", 5), ' '), "a b  ");
  EXPECT_EQ(OneLine(""), "");
}

TEST(TomlDepthTest, CountsDotsOfKeysAloneAndPerLine) {
  const std::string dots(16, '.');
  EXPECT_EQ(TooDeepKey("a" + dots + "\nb" + dots), std::nullopt);
  EXPECT_EQ(TooDeepKey("a" + dots + ".b"), (Position{1, 18}));
  EXPECT_EQ(TooDeepKey("x = 1\na" + dots + ".b"), (Position{2, 18}));
  EXPECT_EQ(TooDeepKey("a = \"" + dots + dots + "\""), std::nullopt);
  EXPECT_EQ(TooDeepKey("a = '" + dots + dots + "'"), std::nullopt);
  EXPECT_EQ(TooDeepKey("a = \"\"\"" + dots + "\n\"" + dots + "\"\"\""), std::nullopt);
  EXPECT_EQ(TooDeepKey("a = \"\\\"" + dots + dots + "\""), std::nullopt);
  EXPECT_EQ(TooDeepKey("# " + dots + dots + "\n"), std::nullopt);
  EXPECT_NE(TooDeepKey("a = \"x\" # \"\nb" + dots + ".c"), std::nullopt);
  EXPECT_NE(TooDeepKey("a = \"open\nb" + dots + ".c"), std::nullopt);
}

TEST(DiagnosticTest, RendersAsCompilersDo) {
  EXPECT_EQ(Render({"a.toml", {3, 9}, Severity::kError, "unknown key", "remove it"}),
            "a.toml:3:9: error: unknown key\n  fix: remove it");
  EXPECT_EQ(Render({"a.toml", {}, Severity::kWarning, "is old", ""}), "a.toml: warning: is old");
}

TEST(DiagnosticTest, QuotesSoThatNothingCanForgeALine) {
  EXPECT_EQ(Quoted("a\"b\\c\x1b[2J\n\xff"), R"("a\"b\\c\x1b[2J\x0a\xff")");
  EXPECT_EQ(Quoted(std::string(257, 'x')), '"' + std::string(256, 'x') + "...\"");
}

TEST(DiagnosticTest, CountsMoreThanItKeeps) {
  Diagnostics all;
  FileDiagnostics file("f", all);
  for (std::size_t i = 0; i < Diagnostics::kMaxKept; ++i) file.Warn({1, 1}, "w", "");
  file.Error({2, 1}, "e", "");
  EXPECT_EQ(all.items().size(), Diagnostics::kMaxKept);
  EXPECT_TRUE(all.has_errors());
  EXPECT_EQ(all.not_kept(), 1U);
  EXPECT_EQ(Summary(all), "1 errors");
  std::ostringstream out;
  Print(all, out);
  EXPECT_THAT(out.str(), testing::EndsWith("and 1 more\n"));
}

TEST(DiagnosticTest, SummaryIsTheFirstErrorAndTheNumberOfOthers) {
  Diagnostics all;
  EXPECT_EQ(Summary(all), "");
  FileDiagnostics file("f", all);
  file.Warn({1, 1}, "w", "");
  EXPECT_EQ(Summary(all), "");
  file.Error({2, 1}, "bad", "mend it");
  EXPECT_EQ(Summary(all), "f:2:1: bad (fix: mend it)");
  file.Error({3, 1}, "bad", "");
  EXPECT_EQ(Summary(all), "f:2:1: bad (fix: mend it), and 1 more error");
}

}  // namespace
}  // namespace surety
