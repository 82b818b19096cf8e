#include "agent/command/audit_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/command/audit_fixture.h"

namespace surety {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class AuditCheck : public AuditCommand {
 protected:
  void SetUp() override {
    AuditCommand::SetUp();
    for (int i = 0; i < 5; ++i) WriteIssue(i, std::to_string(i));
    ASSERT_TRUE(log_->Finish(At(9)));
    log_.reset();
    good_ = ReadAll(Path());
  }
  [[nodiscard]] std::string Path() const { return folder_ + "/audit-00000000000000000001.jsonl"; }
  std::string Check(const AuditVerifyFlags& flags = {}) {
    out_.str("");
    const auto checked = CheckAuditLog(flags, folder_, out_);
    code_ = checked ? std::optional<ErrorCode>() : checked.error().code();
    error_ = checked ? "" : checked.error().Text();
    return out_.str();
  }
  void Damage() {
    std::string text = good_;
    text[text.find("4711")] = '5';
    std::ofstream(Path()) << text;
  }

  std::string good_;
  std::optional<ErrorCode> code_;
  std::string error_;
};

TEST_F(AuditCheck, AnIntactLog) {
  EXPECT_THAT(Check(), MatchesRegex("log [0-9a-f]{16}: lines 1 to 6 in 1 segment; 1 checkpoint "
                                    "agrees, the last of them with line 6\nintact\n"));
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(AuditCheck, ABrokenLogFailsAndNamesThePlace) {
  Damage();
  EXPECT_THAT(Check(), HasSubstr("audit-00000000000000000001.jsonl line 2 (seq 2): the line was "
                                 "changed: its hash does not fit what is in it\n"));
  EXPECT_THAT(out_.str(), testing::EndsWith("broken\n"));
  EXPECT_EQ(code_, ErrorCode::kDataLoss);
  EXPECT_THAT(error_, HasSubstr("is not what was written, at 1 place: keep a copy"));
}

TEST_F(AuditCheck, HoldsItAgainstCheckpointsFromElsewhere) {
  const std::string file = scratch_ / "kept";
  std::ofstream(file) << "\n" << ReadAll(folder_ + "/checkpoints") << "\n";
  EXPECT_THAT(Check({.checkpoint_file = file}), HasSubstr("2 checkpoints agree"));
  std::ofstream(Path()) << good_.substr(0, good_.find('\n') + 1);
  std::ofstream(folder_ + "/checkpoints", std::ios::trunc).close();
  EXPECT_THAT(Check(), testing::EndsWith("no checkpoint\nintact\n"));
  EXPECT_THAT(
      Check({.checkpoint_file = file}),
      HasSubstr("the end of the log is missing: the last line is 1, and the checkpoint of " + file +
                " names line 6"));
  EXPECT_EQ(code_, ErrorCode::kDataLoss);
}

TEST_F(AuditCheck, BelievesOnlyTheKeyThatIsNamed) {
  std::string name;
  for (const auto& item : std::filesystem::directory_iterator(folder_))
    if (item.path().extension() == ".pub") name = item.path();
  EXPECT_THAT(Check({.key_file = name}), HasSubstr("intact"));
  const std::string other = scratch_ / "other.pub";
  std::ofstream(other) << CheckpointKey::Make()->key.public_key().Pem();
  EXPECT_THAT(Check({.key_file = other}), HasSubstr("signed by a key that is not known here"));
  EXPECT_EQ(code_, ErrorCode::kDataLoss);
}

TEST_F(AuditCheck, RefusesFilesThatAreNotWhatTheyShouldBe) {
  const std::string empty = scratch_ / "empty";
  std::ofstream(empty).close();
  for (const std::string& file : {empty, scratch_ / "none"}) {
    Check({.checkpoint_file = file});
    EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
    Check({.key_file = file});
    EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
  }
  Check({.key_file = Path()});
  EXPECT_THAT(error_, HasSubstr("--key"));
  EXPECT_EQ(code_, ErrorCode::kInvalidArgument);
}

TEST_F(AuditCheck, AnUnfinishedLineIsANote) {
  std::ofstream(Path(), std::ios::app) << "{\"seq\":7";
  EXPECT_THAT(Check(), HasSubstr("note: the last line ends after 8 bytes, where the daemon died"));
  EXPECT_EQ(code_, std::nullopt);
}

TEST_F(AuditCheck, ManyBreaksAreCounted) {
  std::string text = good_.substr(0, good_.find('\n') + 1);
  for (int i = 0; i < 500; ++i) text += "x\n";
  std::ofstream(Path()) << text;
  EXPECT_THAT(Check(), HasSubstr("… and 400 more\n"));
  const auto json = nlohmann::json::parse(Check({.output = OutputFormat::kJson}));
  EXPECT_EQ(json["intact"], false);
  EXPECT_EQ(json["breaks_total"], 500);
  EXPECT_EQ(json["breaks"].size(), 100U);
  EXPECT_EQ(json["breaks"][0]["line"], 2);
}

TEST_F(AuditCheck, AsJson) {
  const auto json = nlohmann::json::parse(Check({.output = OutputFormat::kJson}));
  EXPECT_EQ(json["intact"], true);
  EXPECT_EQ(json["lines"], 6);
  EXPECT_EQ(json["last_checkpoint"], 6);
  EXPECT_TRUE(json["breaks"].empty());
}

TEST_F(AuditCheck, WithoutALog) {
  folder_ = scratch_ / "none";
  EXPECT_EQ(Check(), "");
  EXPECT_EQ(code_, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace surety
