#include "agent/policy/text_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace surety {
namespace {

using ::testing::HasSubstr;

std::string Repeat(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string Wrong(const std::string& text) {
  Diagnostics diagnostics;
  FileDiagnostics file("p", diagnostics);
  const bool keeps = KeepsTextLimits(text, file);
  EXPECT_EQ(keeps, !diagnostics.has_errors());
  return keeps ? "" : Render(diagnostics.items().front());
}

TEST(TextLimits, BracketsAreCountedAndClosed) {
  const std::size_t most = kMaxPolicyDepth;
  EXPECT_EQ(Wrong(Repeat("(", most) + Repeat(")", most)), "");
  EXPECT_THAT(Wrong("\n " + Repeat("([{", most / 3) + "((("), HasSubstr("p:2:67: error: brackets"));
  EXPECT_EQ(Wrong(Repeat("()[]{}", 1000)), "");
  EXPECT_EQ(Wrong(Repeat("(;", 1000)), "");
}

TEST(TextLimits, CommentsAndStringsHoldNoBrackets) {
  EXPECT_EQ(Wrong("// " + Repeat("(", 100) + "\n"), "");
  EXPECT_EQ(Wrong("\"" + Repeat("(", 100) + "\\\"" + Repeat("(", 100) + "\""), "");
  EXPECT_EQ(Wrong("\"//\"" + Repeat("()", 100)), "");
  EXPECT_EQ(Wrong("\"unterminated \\"), "");
  EXPECT_EQ(Wrong("\"unterminated"), "");
  EXPECT_EQ(Wrong("// no newline"), "");
}

TEST(TextLimits, APolicyHasALongestLength) {
  EXPECT_EQ(Wrong(Repeat("a", kMaxPolicyBytes)), "");
  EXPECT_THAT(Wrong(Repeat("a", kMaxPolicyBytes + 1)), HasSubstr("longer than 16384"));
  EXPECT_EQ(Wrong(Repeat(Repeat("a", 1000) + ";", 1000)), "");
  EXPECT_EQ(Wrong(Repeat("// a comment costs nothing\n", 10'000)), "");
}

}  // namespace
}  // namespace surety
