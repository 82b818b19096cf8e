#include "agent/policy/policy_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_files.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

class Source : public ::testing::Test {
 protected:
  std::optional<SourcedPolicies> Read(BuiltIn built_in = BuiltIn::kReplaced) {
    diagnostics_ = {};
    return ReadPolicies({folder_.path(), built_in}, diagnostics_);
  }

  PolicyFiles folder_;
  Diagnostics diagnostics_;
};

TEST_F(Source, WithoutAFolderIsTheBuiltInPolicy) {
  const auto read = ReadPolicies({}, diagnostics_);
  ASSERT_TRUE(read) << Summary(diagnostics_);
  EXPECT_GT(read->policies->rules().size(), 20U);
  EXPECT_TRUE(diagnostics_.items().empty());
}

TEST_F(Source, AFolderTakesThePlaceOfTheBuiltInPolicyOrLiesOnIt) {
  folder_.Write("a.cedar", "@id(\"permit.entry\") permit (principal, action, resource);");
  folder_.Write("revision.toml", "revision = 7");
  auto read = Read();
  ASSERT_TRUE(read) << Summary(diagnostics_);
  EXPECT_EQ(read->policies->rules().size(), 1U);
  EXPECT_EQ(read->folder_revision, 7);
  read = Read(BuiltIn::kBeneath);
  ASSERT_TRUE(read) << Summary(diagnostics_);
  EXPECT_GT(read->policies->rules().size(), 20U);
  EXPECT_THAT(read->policies->replaced(), testing::ElementsAre("permit.entry"));
}

TEST_F(Source, AnEmptyFolderIsAnError) {
  EXPECT_FALSE(Read());
  EXPECT_THAT(Summary(diagnostics_), HasSubstr("holds no file *.cedar"));
}

TEST_F(Source, WarnsWhereNothingIsPermitted) {
  folder_.Write("a.cedar", "@id(\"no\") forbid (principal, action, resource);");
  EXPECT_TRUE(Read());
  ASSERT_EQ(diagnostics_.warnings(), 1U);
  EXPECT_THAT(diagnostics_.items().front().what, HasSubstr("no policy permits anything"));
  EXPECT_TRUE(Read(BuiltIn::kBeneath));
  EXPECT_EQ(diagnostics_.warnings(), 0U);
  folder_.Write("b.cedar", "@id(\"y\") @mode(\"monitor\") permit (principal, action, resource);");
  EXPECT_TRUE(Read());
  EXPECT_EQ(diagnostics_.warnings(), 1U);
}

}  // namespace
}  // namespace surety
