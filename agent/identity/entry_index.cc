#include "agent/identity/entry_index.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace surety {

std::size_t EntryIndex::HashOf::operator()(const Selector& selector) const noexcept {
  const std::size_t type = std::hash<std::string>{}(selector.type);
  return std::hash<std::string>{}(selector.value) ^ (type << 1U);
}

EntryIndex::EntryIndex(Entries entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a->priority != b->priority ? a->priority > b->priority : a->id < b->id;
  });
  std::unordered_map<Selector, std::size_t, HashOf> uses;
  for (const auto& entry : entries_)
    for (const Selector& selector : entry->selectors) ++uses[selector];
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    const SelectorSet& selectors = entries_[place]->selectors;
    const auto rarest = std::min_element(
        selectors.begin(), selectors.end(),
        [&](const auto& a, const auto& b) { return uses.find(a)->second < uses.find(b)->second; });
    if (rarest != selectors.end()) filed_[*rarest].push_back(place);
  }
}

EntryIndex::Entries EntryIndex::Match(const SelectorSet& have) const {
  std::vector<std::size_t> places;
  for (const Selector& selector : have) {
    const auto found = filed_.find(selector);
    if (found == filed_.end()) continue;
    for (const std::size_t place : found->second)
      if (have.Includes(entries_[place]->selectors)) places.push_back(place);
  }
  std::sort(places.begin(), places.end());
  Entries out;
  out.reserve(places.size());
  for (const std::size_t place : places) out.push_back(entries_[place]);
  return out;
}

}  // namespace surety
