#include "agent/identity/entry_store.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "agent/identity/entries_folder.h"

namespace surety {
namespace {

struct NextSet {
  EntryIndex::Entries entries;
  bool changed = false;
};

/// Keeps the objects of entries that are equal to the present ones.
NextSet Next(const EntryIndex::Entries& present, std::vector<Entry> read) {
  std::unordered_map<std::string_view, const std::shared_ptr<const Entry>*> by_id;
  for (const auto& entry : present) by_id.emplace(entry->id, &entry);
  NextSet next;
  next.changed = present.size() != read.size();
  next.entries.reserve(read.size());
  for (Entry& entry : read) {
    const auto same = by_id.find(entry.id);
    if (same != by_id.end() && **same->second == entry) {
      next.entries.push_back(*same->second);
    } else {
      next.entries.push_back(std::make_shared<const Entry>(std::move(entry)));
      next.changed = true;
    }
  }
  return next;
}

}  // namespace

EntryLoad FolderEntryStore::Load() {
  const std::scoped_lock one_load(load_mutex_);
  EntryLoad out;
  FolderContents read = ReadEntriesFolder(folder_, rules_, out.diagnostics);
  const auto present = InForce();
  out.count = present->entries().size();
  if (!out.ok()) {
    const std::scoped_lock lock(mutex_);
    last_error_ = Summary(out.diagnostics);
    return out;
  }
  NextSet next = Next(present->entries(), std::move(read.entries));
  out.changed = next.changed;
  out.count = next.entries.size();
  auto index = next.changed ? std::make_shared<const EntryIndex>(std::move(next.entries)) : present;
  const WallTime now = clock_.Now().wall;
  const std::scoped_lock lock(mutex_);
  in_force_.swap(index);
  loaded_at_ = now;
  last_error_.clear();
  return out;
}

std::vector<std::shared_ptr<const Entry>> FolderEntryStore::Match(const SelectorSet& have) const {
  return InForce()->Match(have);
}

EntryStoreStatus FolderEntryStore::Status() const {
  const std::scoped_lock lock(mutex_);
  return {folder_, in_force_->entries().size(), loaded_at_, last_error_};
}

std::vector<std::shared_ptr<const Entry>> FolderEntryStore::All() const {
  return InForce()->entries();
}

std::shared_ptr<const EntryIndex> FolderEntryStore::InForce() const {
  const std::scoped_lock lock(mutex_);
  return in_force_;
}

}  // namespace surety
