#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "agent/command/flags.h"
#include "agent/command/spire_export.h"
#include "surety/result.h"

namespace surety {

/// Entries of SPIRE's as a file of ours.
struct ImportedEntries {
  std::string toml;  ///< What `suretyd check` takes.
  std::size_t written = 0;
  std::size_t left_out = 0;
  std::vector<std::string> remarks;  ///< What was not carried over, of which entry.
};

/// Turns what can be turned, and leaves an entry out where what cannot be said here would
/// give its identity to more processes, or for longer, than SPIRE does. `known_selectors`
/// as of EntryRules. `now` is Unix time. Pure.
ImportedEntries ImportSpireEntries(const std::vector<SpireEntry>& entries,
                                   const EntryImportFlags& flags,
                                   const std::vector<std::string>& known_selectors,
                                   std::int64_t now);

/// `surety entry import`: reads an export of SPIRE's, from `in` if its name is "-", prints
/// the entries to `out` or writes them to the folder of the flags, and says on `remarks`
/// what was not carried over. kInvalidArgument if it cannot be read, or nothing is left.
Result<void> ImportEntries(const EntryImportFlags& flags,
                           const std::vector<std::string>& known_selectors, std::int64_t now,
                           std::istream& in, std::ostream& out, std::ostream& remarks);

}  // namespace surety
