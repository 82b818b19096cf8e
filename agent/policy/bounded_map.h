#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace surety {

/// A map that forgets what was least recently touched rather than to grow beyond
/// its bound. Not thread-safe.
template <typename Key, typename Value>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t most) : most_(most) {}

  /// The value of a key, made if there is none; the key is the last to go now.
  /// What had to go for it is moved to `gone`. The reference is valid until the
  /// next call that changes the map.
  Value& Touch(const Key& key, std::optional<Key>& gone) {
    if (const auto found = index_.find(key); found != index_.end()) {
      items_.splice(items_.begin(), items_, found->second);
      return items_.front().second;
    }
    if (items_.size() >= most_) {
      gone = items_.back().first;
      index_.erase(items_.back().first);
      items_.pop_back();
    }
    items_.emplace_front(key, Value());
    index_.emplace(key, items_.begin());
    return items_.front().second;
  }
  Value& Touch(const Key& key) {
    std::optional<Key> ignored;
    return Touch(key, ignored);
  }

  /// Null if there is none. Does not count as touching.
  [[nodiscard]] const Value* Find(const Key& key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }
  bool Erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    items_.erase(found->second);
    index_.erase(found);
    return true;
  }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  /// From the last touched to the first.
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

 private:
  using Items = std::list<std::pair<const Key, Value>>;
  std::size_t most_;
  Items items_;
  std::unordered_map<Key, typename Items::iterator> index_;
};

}  // namespace surety
