#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"

namespace surety {

/// The whole of a file that decides who gets which identity. It is a regular
/// file, owned by root or by the uid that Surety runs as, that neither group nor
/// others may write to: whoever can write it hands out identities. A symbolic
/// link is followed and what it leads to is judged. Never blocks on a FIFO or a
/// device. nullopt after adding what is wrong, with `diagnostics.file()` as the
/// path that is read.
std::optional<std::string> ReadTrustedFile(std::size_t max_bytes, FileDiagnostics& diagnostics);

/// Names of the files in a folder that has the same owner and mode as above,
/// sorted: those that end in `suffix` (".toml"; all, if it is empty) and do not begin
/// with '.' or '#', which leaves out hidden files and what editors keep beside the
/// file being edited. At most `max_files`, else an error. nullopt after adding what
/// is wrong.
std::optional<std::vector<std::string>> ListTrustedFolder(std::size_t max_files,
                                                          std::string_view suffix,
                                                          FileDiagnostics& diagnostics);

/// Whether a file of this name is one that operators write for Surety: entries
/// (".toml") and policies (".cedar").
bool IsOperatorFileName(std::string_view name);

}  // namespace surety
