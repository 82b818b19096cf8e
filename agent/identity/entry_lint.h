#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/identity/entries_file.h"

namespace surety {

/// Who besides root can put another file in the place of this one, as a part of a
/// sentence: "/opt/app belongs to uid 1001"; nullopt if nobody can, or if there is
/// no such file.
using PathJudge = std::function<std::optional<std::string>(const std::string& path)>;

/// Adds a warning for each entry that can be used, and probably does not say what was
/// meant; docs/configuration.md has the rules. The entries have unique ids and a
/// selector at least. Without a judge no file is looked at. Pure otherwise.
void LintEntries(const std::vector<LocatedEntry>& entries, const PathJudge& judge,
                 Diagnostics& diagnostics);

}  // namespace surety
