#pragma once

#include <span>
#include <string_view>

namespace surety {

/// The name in `names` that `typed` was probably meant to be: the one that the
/// fewest insertions, deletions, replacements and swaps of neighbours away, if
/// these are at most a third of the longer one's length. Empty if none is.
std::string_view NearestName(std::string_view typed, std::span<const std::string_view> names);

}  // namespace surety
