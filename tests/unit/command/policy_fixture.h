#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "surety/result.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {

/// A folder for policies, and what a command printed and ended with.
class PolicyCommand : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }

  /// With a mode that the reader trusts, whatever the umask.
  void Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::trunc) << text;
    ::chmod(path.c_str(), 0644);
  }
  std::string Ended(const Result<void>& done) {
    code_ = done ? std::optional<ErrorCode>() : done.error().code();
    error_ = done ? "" : done.error().Text();
    std::string printed = out_.str();
    out_.str("");
    return printed;
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "policies";
  std::ostringstream out_;
  std::optional<ErrorCode> code_;
  std::string error_;
};

}  // namespace surety
