#include "agent/identity/entries_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "agent/identity/trusted_file.h"

namespace surety {
namespace {

/// A dangling symbolic link is still there, and an error.
bool IsGone(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) != 0 && errno == ENOENT;
}

}  // namespace

FolderContents ReadEntriesFolder(const std::string& folder, const EntryRules& rules,
                                 Diagnostics& diagnostics, const PathJudge& judge) {
  FileDiagnostics of_folder(folder, diagnostics);
  const auto names = ListTrustedFolder(kMaxEntryFiles, ".toml", of_folder);
  FolderContents out;
  if (!names) return out;

  std::vector<LocatedEntry> located;
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (IsGone(path)) continue;
    FileDiagnostics of_file(path, diagnostics);
    const auto text = ReadTrustedFile(kMaxEntryFileBytes, of_file);
    if (!text) continue;
    auto entries = ParseEntries(path, *text, rules, diagnostics);
    std::move(entries.begin(), entries.end(), std::back_inserter(located));
    ++out.files;
    if (located.size() <= kMaxEntries) continue;
    of_folder.Error({}, "holds more than " + std::to_string(kMaxEntries) + " entries",
                    "remove entries that no process of this host needs");
    break;
  }
  RefuseDuplicates(located, diagnostics);
  if (diagnostics.has_errors()) return out;
  LintEntries(located, judge, diagnostics);
  out.entries.reserve(located.size());
  for (auto& item : located) out.entries.push_back(std::move(item.entry));
  return out;
}

}  // namespace surety
