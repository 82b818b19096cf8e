#include "agent/record/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace surety {
namespace {

using std::string_literals::operator""s;

std::string TextAsJson(std::string_view text, std::size_t longest = JsonWriter::kUncut) {
  std::string out;
  JsonWriter(out, longest).Text(text);
  return out;
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("a").Number(1);
  json.Key("b").BeginArray();
  json.Text("x");
  json.Bool(true);
  json.Null();
  json.EndArray();
  json.Key("c").BeginObject();
  json.EndObject();
  json.Key("d").Raw(R"({"e":[]})");
  json.Key("f").BeginArray();
  json.EndArray();
  json.EndObject();
  EXPECT_EQ(out, R"({"a":1,"b":["x",true,null],"c":{},"d":{"e":[]},"f":[]})");
}

TEST(JsonWriter, WritesNumbersExactly) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  json.Number(std::numeric_limits<std::uint64_t>::max());
  json.Number(std::numeric_limits<std::int64_t>::min());
  json.Real(0.1);
  json.Real(100);
  json.Real(1e300);
  json.Real(std::numeric_limits<double>::infinity());
  json.Real(std::numeric_limits<double>::quiet_NaN());
  json.EndArray();
  EXPECT_EQ(out, "[18446744073709551615,-9223372036854775808,0.1,100,1e+300,null,null]");
}

TEST(JsonWriter, EscapesWhatWouldBreakAParserOrATerminal) {
  EXPECT_EQ(TextAsJson("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(TextAsJson("\n\r\t\0\x1b[2J\x7f"s), R"("\n\r\t\u0000\u001b[2J\u007f")");
  EXPECT_EQ(TextAsJson("\xc2\x9b"
                       "31m"),
            R"("\u009b31m")");  // A control sequence for terminals that know C1.
  EXPECT_EQ(TextAsJson("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"),
            "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91\"");
}

TEST(JsonWriter, KeysAreEscapedToo) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("a\"\n").Number(1);
  json.EndObject();
  EXPECT_EQ(out, R"({"a\"\n":1})");
}

TEST(JsonWriter, ReplacesEveryByteThatIsNoUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(TextAsJson("a\xff"
                       "b"),
            "\"a" + bad + "b\"");
  EXPECT_EQ(TextAsJson("\xc3"), "\"" + bad + "\"");                      // Cut off.
  EXPECT_EQ(TextAsJson("\xc0\xaf"), "\"" + bad + bad + "\"");            // Overlong.
  EXPECT_EQ(TextAsJson("\xed\xa0\x80"), "\"" + bad + bad + bad + "\"");  // A surrogate.
  EXPECT_EQ(TextAsJson("\xf4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");
  EXPECT_EQ(TextAsJson("\xf0\x80\x80\x80"), "\"" + bad + bad + bad + bad + "\"");
}

TEST(JsonWriter, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(TextAsJson("abcdef", 3), "\"abc\xe2\x80\xa6\"");
  EXPECT_EQ(TextAsJson("abc", 3), "\"abc\"");
  EXPECT_EQ(TextAsJson("ab\xe2\x82\xac"
                       "d",
                       4),
            "\"ab\xe2\x80\xa6\"");
  EXPECT_EQ(TextAsJson("ab\xe2\x82\xac"
                       "d",
                       5),
            "\"ab\xe2\x82\xac\xe2\x80\xa6\"");
  std::string out;
  JsonWriter json(out, 3);
  json.BeginArray();
  json.WholeText("abcdef");
  EXPECT_FALSE(json.cut());
  json.Text("abcdef");
  EXPECT_TRUE(json.cut());
}

TEST(JsonWriter, AnyBytesReadBackAsJson) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xffU);
    const std::size_t longest = random() % 24;
    const std::string text = TextAsJson(bytes, longest);
    const auto read = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(read.is_string()) << text;
    for (const char byte : text) ASSERT_GE(static_cast<unsigned char>(byte), 0x20) << text;
  }
}

TEST(JsonWriter, WellFormedTextReadsBackAsItWas) {
  const std::string text = "/usr/bin/\xc3\xa9t\xc3\xa9 \"quoted\" \\ \x01 \xf0\x9f\x94\x91";
  EXPECT_EQ(nlohmann::json::parse(TextAsJson(text)).get<std::string>(), text);
}

}  // namespace
}  // namespace surety
