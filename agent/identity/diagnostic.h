#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// A place in a text, both counted from 1, columns in characters. 0 means the
/// file as a whole.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Position&) const = default;
};

enum class Severity {
  kError,    ///< The file is not used.
  kWarning,  ///< Used as it is, but probably not what was meant.
};

/// One thing that is wrong with a file an operator wrote.
struct Diagnostic {
  std::string file;
  Position at;
  Severity severity = Severity::kError;
  std::string what;  ///< What is wrong, without a full stop.
  std::string fix;   ///< What to do about it. Empty only where `what` says it.
};

/// All that is wrong, in the order in which it was found. Keeps the first
/// kMaxKept and counts the rest, so that a hostile file costs a bounded amount
/// of memory. Not thread-safe.
class Diagnostics {
 public:
  static constexpr std::size_t kMaxKept = 1000;

  void Add(Diagnostic item);
  [[nodiscard]] const std::vector<Diagnostic>& items() const { return items_; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return warnings_; }
  [[nodiscard]] bool has_errors() const { return errors_ != 0; }
  /// Errors and warnings that were counted but not kept.
  [[nodiscard]] std::size_t not_kept() const { return errors_ + warnings_ - items_.size(); }

 private:
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// Adds to Diagnostics what is wrong with one file. Borrows both.
class FileDiagnostics {
 public:
  FileDiagnostics(std::string_view file, Diagnostics& all) : file_(file), all_(all) {}
  void Error(Position at, std::string what, std::string fix);
  void Warn(Position at, std::string what, std::string fix);
  [[nodiscard]] std::string_view file() const { return file_; }

 private:
  std::string_view file_;
  Diagnostics& all_;
};

/// "FILE:LINE:COLUMN", or "FILE" where it is about the file as a whole.
std::string PlaceOf(const Diagnostic& item);

/// As compilers write it, and a second line with the fix:
///     /etc/surety/suretyd.toml:3:9: error: unknown key "mod"
///       fix: did you mean "mode"?
std::string Render(const Diagnostic& item);

/// Every diagnostic on lines of its own, and how many were not kept.
void Print(const Diagnostics& diagnostics, std::ostream& out);

/// The first error on one line, and how many more there are: for a log line or
/// a status. Empty without errors.
std::string Summary(const Diagnostics& diagnostics);

/// `text` in double quotes, cut after 256 bytes, with every byte that does not
/// print as an escape, so that no file can write control sequences to a
/// terminal or lines to a log.
std::string Quoted(std::string_view text);

}  // namespace surety
