#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// Columns as wide as their widest cell, two spaces between and none at the end
/// of a line. Cells are printed as they are: escape them first. A multi-byte
/// character counts as its bytes.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  /// `row` has as many cells as the header.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Each line begins with `indent`.
  void Print(std::string_view indent, std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace surety
