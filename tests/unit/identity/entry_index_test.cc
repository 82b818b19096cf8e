#include "agent/identity/entry_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace surety {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::shared_ptr<const Entry> Make(std::string id, SelectorSet selectors, int priority = 0) {
  return std::make_shared<const Entry>(
      Entry{.id = std::move(id),
            .spiffe_id = *SpiffeId::Parse("spiffe://example.org/x"),
            .selectors = std::move(selectors),
            .x509_ttl = Seconds(60),
            .hint = {},
            .dns_names = {},
            .priority = priority});
}

std::vector<std::string> Ids(const EntryIndex::Entries& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(entry->id);
  return out;
}

const Selector kUid{"unix", "uid:1"};
const Selector kGid{"unix", "gid:1"};
const Selector kPath{"unix", "path:/a"};

TEST(EntryIndexTest, MatchesWhereTheProcessHasEverySelector) {
  const EntryIndex index({Make("uid", {kUid}), Make("both", {kUid, kGid}), Make("path", {kPath})});
  EXPECT_THAT(Ids(index.Match({kUid})), ElementsAre("uid"));
  EXPECT_THAT(Ids(index.Match({kUid, kGid})), ElementsAre("both", "uid"));
  EXPECT_THAT(Ids(index.Match({kGid})), IsEmpty());
  EXPECT_THAT(Ids(index.Match({})), IsEmpty());
}

TEST(EntryIndexTest, SelectorsMatchByTypeAndValueAndNotByTheirText) {
  const EntryIndex index({Make("a", {Selector{"unix", "uid:1"}})});
  EXPECT_THAT(Ids(index.Match({Selector{"unix", "uid:10"}})), IsEmpty());
  EXPECT_THAT(Ids(index.Match({Selector{"unix:uid", "1"}})), IsEmpty());
  EXPECT_THAT(Ids(index.Match({Selector{"Unix", "uid:1"}})), IsEmpty());
}

TEST(EntryIndexTest, AnswersByPriorityThenById) {
  const EntryIndex index({Make("b", {kUid}, 1), Make("d", {kUid}), Make("a", {kUid}, -1),
                          Make("c", {kUid}), Make("e", {kUid}, 1)});
  EXPECT_THAT(Ids(index.Match({kUid})), ElementsAre("b", "e", "c", "d", "a"));
  EXPECT_THAT(Ids(index.entries()), ElementsAre("b", "e", "c", "d", "a"));
}

TEST(EntryIndexTest, EmptyIndexMatchesNobody) {
  EXPECT_THAT(EntryIndex().Match({kUid}), IsEmpty());
}

TEST(EntryIndexTest, AnEntryWithoutSelectorsMatchesNobody) {
  const EntryIndex index({Make("all", {})});
  EXPECT_THAT(Ids(index.Match({kUid})), IsEmpty());
  EXPECT_THAT(Ids(index.Match({})), IsEmpty());
}

TEST(EntryIndexTest, AnswersAsOneWhoTriesEveryEntry) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases in every run.
  const auto draw = [&](int size) {
    SelectorSet out;
    for (int i = 0; i < size; ++i) out.Insert({"unix", "uid:" + std::to_string(random() % 12)});
    return out;
  };
  EntryIndex::Entries all;
  for (int i = 0; i < 300; ++i)
    all.push_back(Make("e" + std::to_string(i), draw(1 + i % 3), static_cast<int>(random() % 3)));
  const EntryIndex index(all);
  for (int i = 0; i < 300; ++i) {
    const SelectorSet have = draw(i % 6);
    std::vector<std::string> want;
    for (const auto& entry : index.entries())
      if (have.Includes(entry->selectors)) want.push_back(entry->id);
    EXPECT_EQ(Ids(index.Match(have)), want);
  }
}

}  // namespace
}  // namespace surety
