#include "agent/record/json_check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace surety {
namespace {

std::string Nested(int levels) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) text += '[';
  text += '1';
  for (int i = 1; i < levels; ++i) text += ']';
  return text + "}";
}

TEST(JsonCheck, TakesObjects) {
  for (const char* text :
       {"{}", " { } ", R"({"a":1})", R"({"a":-0.5e+10,"b":[true,false,null],"c":{"d":""}})",
        R"({"a":[[],{},"x"]})", R"({"\u00e9\n\"\\\/\b\f\r\t":"\ud83d\udd11"})", "{\"a\":\t1}",
        "{\"\xc3\xa9\":\"\xf0\x9f\x94\x91\"}", R"({"a":18446744073709551615})"}) {
    EXPECT_TRUE(IsOneLineJsonObject(text)) << text;
    EXPECT_TRUE(nlohmann::json::accept(std::string(text))) << text;
  }
}

TEST(JsonCheck, RefusesWhatWouldBreakALine) {
  for (const std::string text : {"",
                                 "[]",
                                 "1",
                                 "null",
                                 "{",
                                 "}",
                                 "{}}",
                                 "{} {}",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "{a:1}",
                                 "{'a':1}",
                                 "{\"a\":[1,]}",
                                 "{\"a\":[1}",
                                 "{\"a\":1]",
                                 "{\"a\":01}",
                                 "{\"a\":+1}",
                                 "{\"a\":.5}",
                                 "{\"a\":1.}",
                                 "{\"a\":1e}",
                                 "{\"a\":1e999}",
                                 "{\"a\":tru}",
                                 "{\"a\":\"\n\"}",
                                 "{\"a\":\n1}",
                                 "{\"a\":1}\n",
                                 "{\"a\":1}\r",
                                 "{\"a\":\"\x01\"}",
                                 "{\"a\":\"\xff\"}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12g4\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":\"\\udc00\"}",
                                 "{\"a\":\"\\ud800\\u0041\"}",
                                 "{\"a\":\"",
                                 "{\"a\":\"\\"})
    EXPECT_FALSE(IsOneLineJsonObject(text)) << text;
}

TEST(JsonCheck, BoundsTheDepth) {
  EXPECT_TRUE(IsOneLineJsonObject(Nested(32)));
  EXPECT_FALSE(IsOneLineJsonObject(Nested(33)));
  EXPECT_TRUE(IsOneLineJsonObject(Nested(24), 24));
  EXPECT_FALSE(IsOneLineJsonObject(Nested(25), 24));
  EXPECT_FALSE(IsOneLineJsonObject(Nested(33), 1'000));
  EXPECT_FALSE(IsOneLineJsonObject(std::string(1'000'000, '[')));
}

// Whatever is changed in a good object: what we take, every other reader takes.
TEST(JsonCheck, TakesNothingThatAnotherReaderRefuses) {
  const std::string good =
      R"({"a":[1,-2.5e3,"x\n\u00e9\ud83d\udd11"],"b":{"c":null,"d":[true,false]},"e":"\\"})";
  std::mt19937 random(1);
  int taken = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = good;
    for (auto n = random() % 3 + 1; n > 0; --n) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = good[random() % good.size()];
      } else {
        text.erase(at, 1);
      }
    }
    if (!IsOneLineJsonObject(text)) continue;
    ++taken;
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace surety
