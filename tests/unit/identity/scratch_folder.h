#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace surety {

/// A folder of the test's own, which goes with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = testing::TempDir() + "surety-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no scratch folder " << name;
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::string path() const { return path_; }
  [[nodiscard]] std::string At(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

  void MakeFolder(std::string_view name) const {
    std::filesystem::create_directories(At(name));
    ::chmod(At(name).c_str(), 0755);
  }
  void Write(std::string_view name, std::string_view text, mode_t mode = 0644) const {
    std::ofstream(At(name), std::ios::binary) << text;
    ::chmod(At(name).c_str(), mode);
  }
  /// As an operator should: other programs see the old file or the new one.
  void Replace(std::string_view name, std::string_view text) const {
    const std::string scratch = std::string(name) + ".new";
    Write(scratch, text);
    std::filesystem::rename(At(scratch), At(name));
  }
  void Remove(std::string_view name) const { std::filesystem::remove_all(At(name)); }
  void Rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(At(from), At(to));
  }

 private:
  std::string path_;
};

}  // namespace surety
