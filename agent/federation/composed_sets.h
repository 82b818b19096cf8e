#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/federation/bundle_reader.h"

namespace surety {

using ForeignParts = std::vector<std::shared_ptr<const ForeignBundle>>;

/// Remembers what was put together of our own bundle and those of others, so that all who
/// should have the same have the same object: it is what streams are compared by. Keeps
/// none alive. Thread-safe.
template <typename Set>
class ComposedSets {
 public:
  /// Of `own` and `parts`, which are not empty: the one that somebody has, or else what
  /// `compose()` makes, which is called under the lock.
  template <typename Compose>
  std::shared_ptr<const Set> Get(std::shared_ptr<const Set> own, ForeignParts parts,
                                 const Compose& compose) {
    std::vector<std::string> names;
    names.reserve(parts.size());
    for (const auto& part : parts) names.push_back(part->trust_domain.name());
    const std::lock_guard lock(mutex_);
    Item& item = items_[std::move(names)];
    if (auto set = item.set.lock(); set && item.own == own && Same(item.parts, parts)) return set;
    std::shared_ptr<const Set> made = compose();
    item = {std::move(own), std::move(parts), made};
    Sweep();
    return made;
  }

 private:
  struct Item {
    std::shared_ptr<const Set> own;
    ForeignParts parts;
    std::weak_ptr<const Set> set;
  };

  static bool Same(const ForeignParts& some, const ForeignParts& others) {
    return std::ranges::equal(some, others, [](const auto& one, const auto& other) {
      return one == other || one->TrustsTheSameAs(*other);
    });
  }
  // Cleared whenever they have doubled: on average one look for each.
  void Sweep() {
    constexpr std::size_t kSmallest = 64;
    if (items_.size() < sweep_at_) return;
    std::erase_if(items_, [](const auto& item) { return item.second.set.expired(); });
    sweep_at_ = 2 * items_.size() + kSmallest;
  }

  std::mutex mutex_;
  // All below guarded by mutex_.
  std::map<std::vector<std::string>, Item> items_;  // By the names of the parts.
  std::size_t sweep_at_ = 64;
};

}  // namespace surety
