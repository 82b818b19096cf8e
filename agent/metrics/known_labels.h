#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// The values that one label may have, so that nobody can make more of them. Whatever else
/// comes is "other", the last.
class KnownLabels {
 public:
  explicit KnownLabels(std::vector<std::string> values);

  [[nodiscard]] std::size_t IndexOf(std::string_view value) const;
  [[nodiscard]] const std::string& At(std::size_t index) const { return values_[index]; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::vector<std::string> values_;  // Sorted but for the last.
};

/// The reasons of decisions that metrics name: those of the built-in policy and of the walk.
std::span<const std::string_view> KnownReasons();

/// The notices of docs/audit.md that metrics name.
std::span<const std::string_view> KnownNotices();

}  // namespace surety
