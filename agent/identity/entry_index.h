#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "surety/entry.h"

namespace surety {

/// An unchanging set of entries, filed so that a match looks only at entries
/// that share a selector with the process. Each entry is filed under the one of
/// its selectors that the fewest entries have: ten thousand entries that all
/// say "unix:uid:1000" are told apart by what else they say.
///
/// Thread-safe, since nothing in it changes.
class EntryIndex {
 public:
  using Entries = std::vector<std::shared_ptr<const Entry>>;

  EntryIndex() = default;
  /// Entries with unique ids, each with a selector at least.
  explicit EntryIndex(Entries entries);

  /// By priority, highest first, then by id.
  [[nodiscard]] Entries Match(const SelectorSet& have) const;

  /// All of them, in the same order.
  [[nodiscard]] const Entries& entries() const { return entries_; }

 private:
  struct HashOf {
    std::size_t operator()(const Selector& selector) const noexcept;
  };
  Entries entries_;
  std::unordered_map<Selector, std::vector<std::size_t>, HashOf> filed_;  // Places in entries_.
};

}  // namespace surety
