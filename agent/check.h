#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "agent/config.h"

namespace surety {

/// `suretyd check`: reads the configuration and the entries as the daemon would,
/// starts nothing and changes nothing. Writes every error and warning to `out`,
/// and a line with the counts at the end. True if the daemon would start with
/// what it read, `known_selectors` being what its attestors make; warnings are no reason not to.
/// Run it as the user that suretyd runs as, since files are judged by who may write them.
bool Check(const std::string& config_file, const ConfigOverrides& overrides,
           const std::function<std::vector<std::string>(const Config&)>& known_selectors,
           std::ostream& out);

}  // namespace surety
