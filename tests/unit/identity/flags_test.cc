#include "agent/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace surety {
namespace {

using testing::HasSubstr;

std::variant<Flags, FlagsExit> Parse(const std::vector<const char*>& arguments) {
  return ParseFlags(arguments, "1.2.3");
}

FlagsExit Exit(const std::vector<const char*>& arguments) {
  const auto parsed = Parse(arguments);
  if (const auto* out = std::get_if<FlagsExit>(&parsed)) return *out;
  ADD_FAILURE() << "was taken";
  return {};
}

TEST(FlagsTest, RunTakesTheDefaultConfiguration) {
  const auto parsed = Parse({"run"});
  const auto* flags = std::get_if<Flags>(&parsed);
  ASSERT_NE(flags, nullptr);
  EXPECT_EQ(flags->command, Flags::Command::kRun);
  EXPECT_EQ(flags->config_file, "/etc/surety/suretyd.toml");
  EXPECT_EQ(flags->overrides.log_level, std::nullopt);
}

TEST(FlagsTest, ReadsEveryOptionInBothSpellings) {
  const auto parsed = Parse(
      {"check", "--config", "c", "--state-dir=/s", "--entries-dir", "/e", "--log-level=debug"});
  const auto* flags = std::get_if<Flags>(&parsed);
  ASSERT_NE(flags, nullptr);
  EXPECT_EQ(flags->command, Flags::Command::kCheck);
  EXPECT_EQ(flags->config_file, "c");
  EXPECT_EQ(flags->overrides.state_dir, "/s");
  EXPECT_EQ(flags->overrides.entries_dir, "/e");
  EXPECT_EQ(flags->overrides.log_level, "debug");
}

TEST(FlagsTest, OnlyCheckCanBeStrict) {
  const auto strict = Parse({"check", "--strict"});
  ASSERT_NE(std::get_if<Flags>(&strict), nullptr);
  EXPECT_TRUE(std::get_if<Flags>(&strict)->strict);
  const auto lax = Parse({"check"});
  EXPECT_FALSE(std::get_if<Flags>(&lax)->strict);
  EXPECT_THAT(Exit({"run", "--strict"}).text, HasSubstr("unknown option"));
  EXPECT_EQ(Exit({"run", "--help"}).text.find("--strict"), std::string::npos);
}

TEST(FlagsTest, HelpAndVersionGoToStandardOutput) {
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{"--help"}, {"help"}, {"run", "--help"}, {"check", "--help"}}) {
    const FlagsExit out = Exit(arguments);
    EXPECT_EQ(out.code, 0);
    EXPECT_THAT(out.text, HasSubstr("Usage: suretyd"));
  }
  EXPECT_THAT(Exit({"run", "--help"}).text, HasSubstr("--state-dir DIR"));
  EXPECT_EQ(Exit({"--version"}).text, "suretyd 1.2.3\n");
}

TEST(FlagsTest, WrongCommandLinesAreUsageErrorsWithAFix) {
  struct Case {
    std::vector<const char*> arguments;
    std::string what;
    std::string fix;
  };
  for (const auto& [arguments, what, fix] : std::vector<Case>{
           {{"rum"}, "unknown command \"rum\"", "did you mean \"run\"?"},
           {{"fly\x1b"}, "unknown command \"fly\\x1b\"", "suretyd --help lists the commands"},
           {{"--config", "x"}, "a command is expected before \"--config\"", "suretyd run --config"},
           {{"run", "--confg", "x"}, "unknown option \"--confg\"", "did you mean \"--config\"?"},
           {{"run", "--confg=x"}, "unknown option", "did you mean \"--config\"?"},
           {{"run", "--conf", "x"}, "unknown option \"--conf\"", "did you mean \"--config\"?"},
           {{"check", "--colour"}, "unknown option \"--colour\"", "suretyd check --help"},
           {{"run", "-x"}, "x", "suretyd run --help"},
           {{"run", "--config"}, "config", "suretyd run --help"},
           {{"run", "--config="}, "config", "suretyd run --help"},
           {{"run", "--config", "a", "--config", "b"}, "more than once", "suretyd run --help"},
           {{"run", "now"}, "an argument too many", "suretyd run --help"},
       }) {
    const FlagsExit out = Exit(arguments);
    SCOPED_TRACE(out.text);
    EXPECT_EQ(out.code, 2);
    EXPECT_THAT(out.text, testing::StartsWith("suretyd: "));
    EXPECT_THAT(out.text, HasSubstr(what));
    EXPECT_THAT(out.text, HasSubstr("\n  fix: "));
    EXPECT_THAT(out.text, HasSubstr(fix));
  }
}

TEST(FlagsTest, NothingAskedIsAUsageErrorThatExplains) {
  const FlagsExit out = Exit({});
  EXPECT_EQ(out.code, 2);
  EXPECT_THAT(out.text, HasSubstr("Commands:"));
}

}  // namespace
}  // namespace surety
