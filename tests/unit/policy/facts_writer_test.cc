#include "agent/policy/facts_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace surety {
namespace {

using Json = nlohmann::json;

std::string Quoted(std::string_view text) {
  FactsWriter out(8);
  out.Text(text);
  return std::move(out).Take();
}

TEST(FactsWriter, SetsCommasByItself) {
  FactsWriter out(16);
  out.BeginObject();
  out.Key("a");
  out.BeginArray();
  out.EndArray();
  out.Key("b");
  out.BeginArray();
  out.Int(1);
  out.Bool(true);
  out.BeginObject();
  out.EndObject();
  out.Text("x:", "y");
  out.EndArray();
  out.Key("c");
  out.Int(std::numeric_limits<std::int64_t>::min());
  out.EndObject();
  EXPECT_EQ(std::move(out).Take(), R"({"a":[],"b":[1,true,{},"x:y"],"c":-9223372036854775808})");
}

TEST(FactsWriter, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted(std::string_view("\0\n\x1f\x7f", 4)), R"("\u0000\u000a\u001f\u007f")");
  EXPECT_EQ(Quoted(""), R"("")");
}

TEST(FactsWriter, KeepsCharactersAndReplacesBytesThatAreNone) {
  EXPECT_EQ(Quoted("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("\xFFz"), "\"" + bad + "z\"");
  EXPECT_EQ(Quoted("\xC3"), "\"" + bad + "\"");
  EXPECT_EQ(Quoted("\xC0\xAF"), "\"" + bad + bad + "\"");            // Too long a form.
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");  // Half of a pair.
}

TEST(FactsWriter, AnyBytesMakeValidJson) {
  std::uint64_t state = 1;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    for (int i = 0; i < 24; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      bytes.push_back(static_cast<char>(state >> 56U));
    }
    const Json read = Json::parse(Quoted(bytes), nullptr, false);
    ASSERT_TRUE(read.is_string()) << Quoted(bytes);
  }
}

}  // namespace
}  // namespace surety
