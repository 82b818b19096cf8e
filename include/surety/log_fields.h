#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// One thing that a line of the log says, for whoever reads logs by fields.
struct LogField {
  std::string name;  ///< a-z, 0-9, "_"
  std::string value;
  bool quoted = false;  ///< In the line. A workload may have chosen it.
};
using LogFields = std::vector<LogField>;

/// The fields of what this thread logs while it lives, since a logger takes text alone.
/// One at a time in each thread.
class LogFieldsScope {
 public:
  /// `fields` outlive this.
  explicit LogFieldsScope(const LogFields& fields) { current_ = &fields; }
  LogFieldsScope(const LogFieldsScope&) = delete;
  LogFieldsScope& operator=(const LogFieldsScope&) = delete;
  ~LogFieldsScope() { current_ = nullptr; }

  /// nullptr if this thread logs plain text.
  static const LogFields* Current() { return current_; }

 private:
  static inline thread_local const LogFields* current_ = nullptr;
};

}  // namespace surety
