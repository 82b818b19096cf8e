#pragma once

#include <string.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace surety {

/// Key bytes. Wiped on destruction, cannot be copied or printed. Not a
/// std::string, whose short form leaves a copy behind when it is moved.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  explicit SecretBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    Wipe();
    bytes_ = std::exchange(other.bytes_, {});
    return *this;
  }
  ~SecretBytes() { Wipe(); }

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// The secret itself. Reviewers grep this name.
  [[nodiscard]] std::span<const std::uint8_t> Reveal() const { return bytes_; }

 private:
  void Wipe() noexcept {
    if (!bytes_.empty()) ::explicit_bzero(bytes_.data(), bytes_.size());
  }
  std::vector<std::uint8_t> bytes_;
};

}  // namespace surety
