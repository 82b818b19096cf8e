#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/identity/entries_file.h"
#include "agent/identity/entry_lint.h"
#include "surety/entry.h"

namespace surety {

inline constexpr std::size_t kMaxEntryFiles = 1000;
inline constexpr std::size_t kMaxEntryFileBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxEntries = 100'000;

/// What a folder of entry files holds.
struct FolderContents {
  std::vector<Entry> entries;  ///< Empty if there is any error: all or nothing.
  std::size_t files = 0;
};

/// Reads every "*.toml" of `folder`, in the order of their names, and adds all
/// that is wrong with all of them to `diagnostics`. The folder and its files
/// belong to root or to our own uid and nobody else can write to them, else that
/// is an error. A file that is gone by the time it is opened is as if it had
/// never been there. Without an error the entries are looked through for what was
/// probably not meant (entry_lint.h).
FolderContents ReadEntriesFolder(const std::string& folder, const EntryRules& rules,
                                 Diagnostics& diagnostics, const PathJudge& judge = {});

}  // namespace surety
