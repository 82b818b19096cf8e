#include "agent/identity/entries_file.h"

#include <unordered_map>
#include <utility>

#include "agent/identity/entry_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {
namespace {

std::string PlaceOf(const LocatedEntry& entry, Position at) {
  return entry.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace

std::vector<LocatedEntry> ParseEntries(std::string_view file, std::string_view text,
                                       const EntryRules& rules, Diagnostics& diagnostics) {
  FileDiagnostics here(file, diagnostics);
  std::vector<LocatedEntry> out;
  const auto parsed = ParseToml(text, here);
  if (!parsed) return out;
  TomlTable top(*parsed, "", here);
  for (const toml::table* table : top.Tables("entry", "[[entry]]")) {
    auto entry = EntryReader(*table, rules, here).Read();
    if (entry) out.push_back(*std::move(entry));
  }
  top.RefuseUnknownKeys();
  return out;
}

void RefuseDuplicates(const std::vector<LocatedEntry>& entries, Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, const LocatedEntry*> ids;
  std::unordered_map<std::string_view, const LocatedEntry*> hints;
  for (const LocatedEntry& here : entries) {
    FileDiagnostics file(here.file, diagnostics);
    const auto [id, is_new_id] = ids.emplace(here.entry.id, &here);
    if (!is_new_id)
      file.Error(here.id_at,
                 (here.id_is_derived ? "the id derived from the SPIFFE ID, " : "the id ") +
                     Quoted(here.entry.id) + ", is that of the entry at " +
                     PlaceOf(*id->second, id->second->id_at),
                 here.id_is_derived ? "add a line such as id = \"" + here.entry.id + "-2\""
                                    : "give each entry an id of its own");
    if (here.entry.hint.empty()) continue;
    const auto [hint, is_new_hint] = hints.emplace(here.entry.hint, &here);
    if (!is_new_hint)
      file.Error(here.hint_at,
                 "the hint " + Quoted(here.entry.hint) + " is that of the entry at " +
                     PlaceOf(*hint->second, hint->second->hint_at),
                 "give each entry a hint of its own, or none");
  }
}

}  // namespace surety
