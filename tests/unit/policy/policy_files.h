#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace surety {

/// A folder of its own for one test, with files that only root can write.
class PolicyFiles {
 public:
  PolicyFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "surety-policy-").string();
    pattern.append(6, 'X');
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  PolicyFiles(const PolicyFiles&) = delete;
  PolicyFiles& operator=(const PolicyFiles&) = delete;
  ~PolicyFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Replaces the file as an operator's tool would: whole.
  void Write(const std::string& name, const std::string& text) const {
    const std::string path = path_ + "/" + name;
    const std::string next = path_ + "/.next";
    {
      std::ofstream file(next, std::ios::trunc | std::ios::binary);
      file << text;
    }
    ::chmod(next.c_str(), 0644);
    std::filesystem::rename(next, path);
  }
  void Remove(const std::string& name) const { std::filesystem::remove(path_ + "/" + name); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace surety
