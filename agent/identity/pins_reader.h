#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/identity/known_selectors.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads the pins of one [[entry]]. Borrows all it is given.
class PinsReader {
 public:
  PinsReader(TomlTable& table, KnownSelectors known, FileDiagnostics& diagnostics)
      : table_(table), known_(known), diagnostics_(diagnostics) {}

  /// Sorted, each once, so that another order is no change of the entry. nullopt
  /// if it has none, and also after an error.
  std::optional<std::vector<std::string>> Read();

 private:
  [[nodiscard]] bool IsPin(const Located<std::string>& text);

  TomlTable& table_;
  const KnownSelectors known_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
