#include "agent/policy/bounded_map.h"

#include <gtest/gtest.h>

#include <string>

namespace surety {
namespace {

TEST(BoundedMap, MakesAndKeepsValues) {
  BoundedMap<std::string, int> map(2);
  EXPECT_EQ(map.Find("a"), nullptr);
  map.Touch("a") = 1;
  EXPECT_EQ(map.Touch("a"), 1);
  ASSERT_NE(map.Find("a"), nullptr);
  EXPECT_EQ(*map.Find("a"), 1);
  EXPECT_EQ(map.size(), 1U);
}

TEST(BoundedMap, ForgetsWhatWasLeastRecentlyTouched) {
  BoundedMap<std::string, int> map(2);
  map.Touch("a") = 1;
  map.Touch("b") = 2;
  map.Touch("a");
  static_cast<void>(map.Find("b"));
  std::optional<std::string> gone;
  map.Touch("c", gone) = 3;
  EXPECT_EQ(gone, "b") << "finding is not touching";
  EXPECT_EQ(map.Find("b"), nullptr);
  EXPECT_EQ(*map.Find("a"), 1);
  EXPECT_EQ(map.size(), 2U);
}

TEST(BoundedMap, LeavesGoneAloneWhileThereIsRoom) {
  BoundedMap<int, int> map(2);
  std::optional<int> gone;
  map.Touch(1, gone);
  map.Touch(2, gone);
  map.Touch(2, gone);
  EXPECT_EQ(gone, std::nullopt);
}

TEST(BoundedMap, Erases) {
  BoundedMap<int, int> map(2);
  map.Touch(1) = 5;
  EXPECT_TRUE(map.Erase(1));
  EXPECT_FALSE(map.Erase(1));
  EXPECT_EQ(map.Touch(1), 0);
}

TEST(BoundedMap, IsWalkedFromTheLastTouchedOn) {
  BoundedMap<int, int> map(3);
  for (const int key : {1, 2, 3}) map.Touch(key) = key * 10;
  map.Touch(1);
  std::string order;
  for (const auto& [key, value] : map)
    order += std::to_string(key) + "=" + std::to_string(value) + " ";
  EXPECT_EQ(order, "1=10 3=30 2=20 ");
}

}  // namespace
}  // namespace surety
