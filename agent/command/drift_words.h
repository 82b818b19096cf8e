#pragma once

#include <string>
#include <vector>

namespace surety {

/// What drifted, in sentences: "It runs /bin/sleep instead of /usr/bin/web."
/// `gained` and `lost` are selectors as text. What workloads chose is escaped. At
/// most 16, the last of which then says how many more there are. Pure.
std::vector<std::string> DriftInWords(const std::vector<std::string>& gained,
                                      const std::vector<std::string>& lost);

}  // namespace surety
