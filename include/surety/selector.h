#pragma once

#include <algorithm>
#include <compare>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "surety/result.h"

namespace surety {

/// One fact about a process: {"unix", "uid:1000"}, written "unix:uid:1000".
struct Selector {
  std::string type;   ///< The attestor's name. No ':'.
  std::string value;  ///< Not empty. May hold ':'.
  auto operator<=>(const Selector&) const = default;

  /// Reads "type:value". kInvalidArgument without a type or a value.
  static Result<Selector> Parse(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
      return Error(ErrorCode::kInvalidArgument,
                   "selector \"" + std::string(text) + "\" is not written type:value");
    return Selector{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  }

  [[nodiscard]] std::string Text() const { return type + ":" + value; }

  /// What sort of fact this is, without its value: "unix:uid", "unix:ns",
  /// "unix:no_new_privs". Drift and pins are told by kind.
  [[nodiscard]] std::string Kind() const { return type + ":" + value.substr(0, value.find(':')); }
};

/// Sorted and without duplicates, so that equal sets have equal bytes.
class SelectorSet {
 public:
  using const_iterator = std::vector<Selector>::const_iterator;

  SelectorSet() = default;
  SelectorSet(std::initializer_list<Selector> items) {
    for (const auto& item : items) Insert(item);
  }
  /// In any order, with duplicates: cheaper than inserting one by one.
  explicit SelectorSet(std::vector<Selector> items) : items_(std::move(items)) {
    const auto unordered = [](const Selector& a, const Selector& b) { return !(a < b); };
    if (std::adjacent_find(items_.begin(), items_.end(), unordered) == items_.end()) return;
    std::sort(items_.begin(), items_.end());
    items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
  }

  void Insert(Selector item) {
    const auto at = std::lower_bound(items_.begin(), items_.end(), item);
    if (at == items_.end() || *at != item) items_.insert(at, std::move(item));
  }
  void Merge(const SelectorSet& other) {
    if (&other == this) return;
    std::vector<Selector> both;
    both.reserve(size() + other.size());
    std::set_union(std::make_move_iterator(items_.begin()), std::make_move_iterator(items_.end()),
                   other.begin(), other.end(), std::back_inserter(both));
    items_ = std::move(both);
  }
  [[nodiscard]] bool Contains(const Selector& item) const {
    return std::binary_search(items_.begin(), items_.end(), item);
  }
  [[nodiscard]] bool Includes(const SelectorSet& part) const {
    return std::includes(begin(), end(), part.begin(), part.end());
  }
  [[nodiscard]] SelectorSet Minus(const SelectorSet& other) const {
    SelectorSet out;
    std::set_difference(begin(), end(), other.begin(), other.end(), std::back_inserter(out.items_));
    return out;
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] const_iterator begin() const { return items_.begin(); }
  [[nodiscard]] const_iterator end() const { return items_.end(); }
  bool operator==(const SelectorSet&) const = default;

 private:
  std::vector<Selector> items_;
};

}  // namespace surety
