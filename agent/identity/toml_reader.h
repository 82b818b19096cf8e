#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// A value and where it was written.
template <typename T>
struct Located {
  T value;
  Position at;
};

/// Parses TOML 1.0 (UTF-8). nullopt after adding the one syntax error that the
/// parser tells; what stands behind it in the file is not seen.
std::optional<toml::table> ParseToml(std::string_view text, FileDiagnostics& diagnostics);

/// Reads one table of a file and remembers which keys were asked for, so that
/// the rest can be told as unknown. A getter answers nullopt if the key is
/// absent, and also, after adding an error, if its value has the wrong type.
/// `example` is the value that the error shows as a correct one, as TOML.
/// Borrows all it is given. Not thread-safe.
class TomlTable {
 public:
  /// `title` names the table in errors, as it stands in the file: "[x509]". Empty
  /// for the file's top level.
  TomlTable(const toml::table& table, std::string_view title, FileDiagnostics& diagnostics)
      : table_(table), title_(title), diagnostics_(diagnostics) {}

  std::optional<Located<std::string>> String(std::string_view key, std::string_view example);
  std::optional<Located<std::int64_t>> Integer(std::string_view key, std::string_view example);
  /// A string or an integer, the latter in decimal digits.
  std::optional<Located<std::string>> NameOrNumber(std::string_view key, std::string_view example);
  /// A string that ParseDuration reads, from `least` to `most`, both included.
  std::optional<Located<Seconds>> Duration(std::string_view key, std::string_view example,
                                           Seconds least, Seconds most);
  /// The same of ParseFineDuration.
  std::optional<Located<std::chrono::milliseconds>> FineDuration(std::string_view key,
                                                                 std::string_view example,
                                                                 std::chrono::milliseconds least,
                                                                 std::chrono::milliseconds most);
  std::optional<Located<bool>> Boolean(std::string_view key, std::string_view example);
  /// An array with strings alone: others are told and left out. nullopt if that
  /// leaves none, or if there are more than `most`; empty if the array is.
  std::optional<std::vector<Located<std::string>>> Strings(std::string_view key,
                                                           std::string_view example,
                                                           std::size_t most);
  std::optional<std::vector<Located<std::int64_t>>> Integers(std::string_view key,
                                                             std::string_view example,
                                                             std::size_t most);
  /// Null if absent or not a table. `example` is its heading: "[x509]".
  const toml::table* Table(std::string_view key, std::string_view example);
  /// The tables under repeated headings; empty if absent. `example`: "[[entry]]".
  std::vector<const toml::table*> Tables(std::string_view key, std::string_view example);

  [[nodiscard]] bool Has(std::string_view key) const { return table_.contains(key); }
  /// Where the key's value stands; where the table begins if there is none.
  [[nodiscard]] Position At(std::string_view key) const;
  [[nodiscard]] Position at() const;

  /// Adds an error for every key that no getter was asked for.
  void RefuseUnknownKeys();

 private:
  const toml::node* Find(std::string_view key);
  void WrongType(const toml::node& node, std::string_view key, std::string_view wanted,
                 std::string_view example);
  void WrongElement(const toml::node& node, std::string_view key, std::string_view wanted,
                    std::string_view example);
  template <typename Span>
  std::optional<Located<Span>> Between(std::string_view key, std::string_view example,
                                       const Located<std::string>& text, const Result<Span>& span,
                                       Span least, Span most);
  const toml::array* Array(std::string_view key, std::string_view wanted, std::string_view example,
                           std::size_t most);

  const toml::table& table_;
  const std::string_view title_;
  FileDiagnostics& diagnostics_;
  std::vector<std::string_view> known_;
};

}  // namespace surety
