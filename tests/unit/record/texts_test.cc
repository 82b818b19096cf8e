// What is written into the database is read from it again, and nothing else is.

#include <gtest/gtest.h>

#include "agent/record/ancestors_text.h"
#include "agent/record/changed_keys.h"
#include "agent/record/scope_text.h"
#include "agent/record/subject_text.h"
#include "agent/record/text_list.h"

namespace surety {
namespace {

TEST(TextList, HoldsWhateverBytesThereAre) {
  const std::vector<std::string> texts{"", "plain", "3:abc,", std::string("nul\0nul", 7), "\xff\n"};
  const auto read = ReadTextList(WriteTextList(texts));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, texts);
}

TEST(TextList, IsEmptyWithoutTexts) {
  EXPECT_EQ(WriteTextList({}), "");
  EXPECT_EQ(ReadTextList("")->size(), 0U);
}

class NoTextList : public testing::TestWithParam<const char*> {};

TEST_P(NoTextList, IsDamage) {
  const auto read = ReadTextList(GetParam());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(All, NoTextList,
                         testing::Values("3", "3:", "3:ab,", "3:abc", "3:abcd,", "-1:,", ":,",
                                         "x:,", "1 :a,", "4294967295:a,", "4294967296:a,",
                                         "1:a,2"));

TEST(Numbers, AreWholeAndAlone) {
  EXPECT_EQ(*ReadNumber<std::int64_t>("-5"), -5);
  EXPECT_EQ(*ReadNumber<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "18446744073709551616", "-1"})
    EXPECT_FALSE(ReadNumber<std::uint64_t>(text)) << text;
}

TEST(ScopeText, IsReadAsItWasWritten) {
  const Scope scope{
      .selectors = {{"unix", "uid:1000"}, {"unix", "path:/opt/a b,c:d"}, {"docker", "label:a:b"}}};
  const auto read = ReadScope(WriteScope(scope));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, scope);
  EXPECT_EQ(*ReadScope(""), Scope());
}

TEST(ScopeText, IsDamagedWithoutAType) {
  EXPECT_FALSE(ReadScope("3:abc,"));
  EXPECT_FALSE(ReadScope("4::abc,"));
}

TEST(AncestorsText, IsReadAsItWasWritten) {
  const std::vector<Ancestor> ancestors{{.key = {4711, 99}, .uid = 1000, .name = "a shell, (3:x)"},
                                        {.key = {1, 0}, .uid = 0, .name = ""}};
  const auto read = ReadAncestors(WriteAncestors(ancestors));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, ancestors);
}

TEST(AncestorsText, IsDamagedIfAFieldIsMissingOrNoNumber) {
  EXPECT_FALSE(ReadAncestors("1:1,1:2,1:3,"));
  EXPECT_FALSE(ReadAncestors("1:x,1:2,1:3,1:n,"));
}

TEST(SubjectText, NamesAProcess) {
  ProcessKey process;
  ASSERT_TRUE(ReadSubject(SubjectText(ProcessKey{4711, 12345}), process));
  EXPECT_EQ(process, (ProcessKey{4711, 12345}));
  for (const char* text : {"", "4711", "4711.", ".1", "a.b", "1.2.3"})
    EXPECT_FALSE(ReadSubject(text, process)) << text;
}

class Changed : public testing::Test {
 protected:
  ChangedKeys<int>::Batch Take() {
    return keys_.Take([this](int key) { return memory_.contains(key); });
  }
  ChangedKeys<int> keys_;
  std::unordered_set<int> memory_;
};

TEST_F(Changed, IsTakenOnce) {
  memory_ = {1};
  keys_.Changed(1);
  EXPECT_EQ(Take().present, std::vector{1});
  keys_.Settle(true);
  EXPECT_TRUE(Take().present.empty());
}

TEST_F(Changed, ComesBackIfItWasNotCommitted) {
  memory_ = {1};
  keys_.Changed(1);
  Take();
  keys_.Settle(false);
  EXPECT_EQ(Take().present, std::vector{1});
}

TEST_F(Changed, LeavesNothingBehindThatCameAndWent) {
  keys_.Changed(1);
  keys_.Removed(1);
  EXPECT_TRUE(keys_.empty());
}

TEST_F(Changed, DeletesTheRowOfWhatIsGone) {
  keys_.Stored(1);
  keys_.Removed(1);
  EXPECT_EQ(Take().gone, std::vector{1});
  keys_.Settle(true);
  keys_.Removed(1);
  EXPECT_TRUE(keys_.empty()) << "there is no row any more";
}

TEST_F(Changed, DeletesTheRowOfWhatWentWhileItWasWritten) {
  memory_ = {1};
  keys_.Changed(1);
  Take();
  memory_ = {};
  keys_.Removed(1);
  keys_.Settle(true);
  EXPECT_EQ(Take().gone, std::vector{1});
}

TEST_F(Changed, IsTakenALittleAtATime) {
  for (int key = 0; key < 5; ++key) keys_.Changed(key);
  EXPECT_EQ(keys_.Take([](int) { return true; }, 3).present.size(), 3U);
  EXPECT_FALSE(keys_.empty());
  EXPECT_EQ(keys_.Take([](int) { return true; }, 3).present.size(), 2U);
  EXPECT_TRUE(keys_.empty());
}

TEST_F(Changed, IsOfNoMatterWhenItIsWrittenByOtherMeans) {
  keys_.Stored(1);
  keys_.Removed(1);
  Take();
  keys_.Ignore(1);
  keys_.Settle(false);
  EXPECT_TRUE(keys_.empty());
}

}  // namespace
}  // namespace surety
