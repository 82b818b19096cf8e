#include "attestors/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace surety {
namespace {

TEST(Findings, AreSortedHoweverTheyWereFound) {
  std::vector<std::string> values = {"",
                                     "a",
                                     "a:1",
                                     "a:10",
                                     "a:2",
                                     "cap:sys_a",
                                     "cap:sys_b",
                                     "cap:sys_",
                                     "ns:mnt:1",
                                     "\xc3\xa9",
                                     "uid:1",
                                     "uid:10",
                                     std::string("nul\0", 4),
                                     "abcdefgh",
                                     "abcdefg",
                                     "abcdefghi"};
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same order in every run.
  for (int i = 0; i < 50; ++i) {
    std::shuffle(values.begin(), values.end(), random);
    Findings findings("unix");
    SelectorSet expected;
    for (const auto& value : values) {
      if (i % 2 == 0) {
        findings.Add(value);
      } else {
        findings.Add(value.substr(0, 3), value.size() > 3 ? value.substr(3) : "");
      }
      expected.Insert({"unix", value});
    }
    EXPECT_EQ(std::move(findings).Finish().selectors, expected);
  }
}

TEST(Findings, SameFactTwiceIsOne) {
  Findings findings("unix");
  for (const char* value : {"b", "a", "b", "a"}) findings.Add(value);
  EXPECT_EQ(std::move(findings).Finish().selectors, (SelectorSet{{"unix", "a"}, {"unix", "b"}}));
}

TEST(Findings, FirstReasonOfAMissingKindStays) {
  Findings findings("unix");
  findings.Missing("exe", Error(ErrorCode::kUnavailable, "first"));
  findings.Missing("exe", Error(ErrorCode::kDeadline, "second"));
  const auto found = std::move(findings).Finish();
  ASSERT_EQ(found.missing.size(), 1U);
  EXPECT_EQ(found.missing.front().kind, "unix:exe");
  EXPECT_EQ(found.missing.front().why.message(), "first");
}

TEST(SelectorSet, FromAVectorIsAsFromInsertions) {
  const std::vector<Selector> items = {{"b", "x"}, {"a", "y"}, {"b", "x"}, {"a", "x"}};
  SelectorSet inserted;
  for (const auto& item : items) inserted.Insert(item);
  EXPECT_EQ(SelectorSet(items), inserted);
  EXPECT_EQ(SelectorSet(items).size(), 3U);
  EXPECT_TRUE(SelectorSet(std::vector<Selector>()).empty());
}

TEST(SelectorSet, MergeIsTheUnionOfBoth) {
  const SelectorSet left{{"a", "1"}, {"b", "1"}, {"c", "1"}};
  const SelectorSet right{{"a", "0"}, {"b", "1"}, {"d", "1"}};
  const SelectorSet both{{"a", "0"}, {"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}};
  for (const auto& [first, second] : {std::pair(left, right), std::pair(right, left)}) {
    auto merged = first;
    merged.Merge(second);
    EXPECT_EQ(merged, both);
    merged.Merge(merged);
    EXPECT_EQ(merged, both);
    merged.Merge({});
    EXPECT_EQ(merged, both);
  }
  SelectorSet empty;
  empty.Merge(left);
  EXPECT_EQ(empty, left);
}

}  // namespace
}  // namespace surety
