#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "agent/record/audit_file.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/made_event.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {

/// A log to be asked about: an honest process that execs another binary.
class AuditCommand : public testing::Test {
 protected:
  void SetUp() override {
    AuditFileOptions options;
    options.folder = folder_;
    options.boot_id = "11111111-2222-3333-4444-555555555555";
    auto opened = AuditFile::Open(options, At(0), disk_);
    ASSERT_TRUE(opened) << opened.error().Text();
    log_ = *std::move(opened);
  }

  static Moment At(int seconds) {
    const MadeEvent made;
    return {.boot = made.at.boot + Seconds(seconds), .wall = made.at.wall + Seconds(seconds)};
  }
  std::string Write(const MadeEvent& made) {
    const auto id = log_->Write(made.event());
    EXPECT_TRUE(id) << id.error().Text();
    return id ? *id : "";
  }
  std::string WriteIssue(int at, const std::string& serial, ProcessKey key = {4711, 100}) {
    MadeEvent made;
    made.at = At(at);
    made.peer.process = std::make_shared<FakeProcess>(key);
    made.entries.push_back(GivenWeb(made.at, serial));
    return Write(made);
  }
  std::string WriteJump(int at) { return Write(ExecDrift(At(at))); }
  void Note(int at, const std::string& what,
            std::vector<std::pair<std::string, std::string>> details) {
    EXPECT_TRUE(log_->Note({.at = At(at),
                            .what = what,
                            .severity = NoticeSeverity::kHigh,
                            .details = std::move(details)}));
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  AuditDisk disk_;
  std::unique_ptr<AuditFile> log_;
  std::ostringstream out_;
};

}  // namespace surety
