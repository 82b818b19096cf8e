#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "agent/config.h"

namespace surety {

/// What the attestors make under a configuration (EntryRules::known_selectors).
using SelectorsMade = std::function<std::vector<std::string>(const Config&)>;

/// `suretyd check`: reads the configuration, the entries and the policies as the
/// daemon would, starts nothing and changes nothing. Writes every error and warning
/// to `out`, and a line with the counts at the end. True if the daemon would start
/// with what it read; warnings are a reason not to only if it is `strict`. Run it as
/// the user that suretyd runs as, since files are judged by who may write them.
bool Check(const std::string& config_file, const ConfigOverrides& overrides, bool strict,
           const SelectorsMade& selectors_made, std::ostream& out);

}  // namespace surety
