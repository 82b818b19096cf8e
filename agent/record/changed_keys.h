#pragma once

#include <cstddef>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace surety {

/// Which items of a memory differ from their rows in the database. Not
/// thread-safe. Bounded by the memory that it belongs to and the rows there are:
/// what came and went between two commits leaves nothing behind.
template <typename Key>
class ChangedKeys {
 public:
  /// The item is new, or another than its row.
  void Changed(const Key& key) { changed_.insert(key); }
  /// The item is gone from the memory.
  void Removed(const Key& key) {
    if (rows_.contains(key))
      changed_.insert(key);
    else
      changed_.erase(key);
  }
  /// The item is as its row: read, or written by other means.
  void Stored(const Key& key) {
    Ignore(key);
    rows_.insert(key);
  }
  /// Its row is about to be written by other means.
  void Ignore(const Key& key) {
    changed_.erase(key);
    taken_.erase(key);
  }
  /// The item is gone, and its row is somebody else's care.
  void Drop(const Key& key) {
    Ignore(key);
    rows_.erase(key);
  }

  /// For Change::Write: at most `most` of those that differ, by whether `exists`
  /// in the memory.
  struct Batch {
    std::vector<Key> present;
    std::vector<Key> gone;
  };
  template <typename Exists>
  Batch Take(const Exists& exists, std::size_t most = std::numeric_limits<std::size_t>::max()) {
    Batch batch;
    for (auto at = changed_.begin(); at != changed_.end() && most > 0; --most) {
      const bool present = exists(*at);
      (present ? batch.present : batch.gone).push_back(*at);
      taken_.insert_or_assign(*at, present);
      rows_.insert(*at);
      at = changed_.erase(at);
    }
    return batch;
  }
  /// For Change::Settled.
  void Settle(bool committed) {
    for (const auto& [key, present] : taken_) {
      if (!committed)
        changed_.insert(key);
      else if (!present)
        rows_.erase(key);
    }
    taken_.clear();
  }
  /// Whether nothing is left to be taken.
  [[nodiscard]] bool empty() const { return changed_.empty(); }

 private:
  std::unordered_set<Key> changed_;
  std::unordered_map<Key, bool> taken_;  // In a transaction now; whether it was present.
  std::unordered_set<Key> rows_;         // That may be in the database.
};

}  // namespace surety
