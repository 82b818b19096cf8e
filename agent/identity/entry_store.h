#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/identity/diagnostic.h"
#include "agent/identity/entries_file.h"
#include "agent/identity/entry_index.h"
#include "surety/clock.h"
#include "surety/entry.h"

namespace surety {

/// What came of one load.
struct EntryLoad {
  bool changed = false;     ///< Match may answer differently from now on.
  std::size_t count = 0;    ///< Entries in force after the load, whether it succeeded or not.
  Diagnostics diagnostics;  ///< With errors the load failed and nothing changed.
  [[nodiscard]] bool ok() const { return !diagnostics.has_errors(); }
};

/// What an operator is told.
struct EntryStoreStatus {
  std::string folder;
  std::size_t count = 0;
  std::optional<WallTime> loaded_at;  ///< Of the last load that succeeded.
  std::string last_error;             ///< Of the last load; empty if it succeeded.
};

/// The entries of a folder of TOML files. A load takes effect as a whole or not
/// at all: if anything is wrong the last good set stays in force. An entry whose
/// content did not change is the same object after a load, so that its holders
/// see that it is still theirs by comparing pointers.
///
/// Thread-safe. Match waits for no load: it takes the set in force, and a load
/// builds the next one beside it.
class FolderEntryStore final : public EntryStore {
 public:
  /// Starts empty, which matches nobody. Borrows the clock.
  FolderEntryStore(std::string folder, EntryRules rules, const Clock& clock)
      : folder_(std::move(folder)), rules_(std::move(rules)), clock_(clock) {}

  /// Reads the folder again.
  EntryLoad Load();

  [[nodiscard]] std::vector<std::shared_ptr<const Entry>> Match(
      const SelectorSet& have) const override;
  [[nodiscard]] EntryStoreStatus Status() const;
  /// All in force, by priority, highest first, then by id.
  [[nodiscard]] std::vector<std::shared_ptr<const Entry>> All() const;

 private:
  [[nodiscard]] std::shared_ptr<const EntryIndex> InForce() const;

  const std::string folder_;
  const EntryRules rules_;
  const Clock& clock_;

  std::mutex load_mutex_;  // Held for a whole load, so that loads take turns.

  mutable std::mutex mutex_;  // Held for copies only. Guards what follows.
  std::shared_ptr<const EntryIndex> in_force_ = std::make_shared<const EntryIndex>();
  std::optional<WallTime> loaded_at_;
  std::string last_error_;
};

}  // namespace surety
