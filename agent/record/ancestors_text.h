#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "surety/lineage.h"

namespace surety {

/// Ancestors as the database keeps them: a text list (text_list.h) of pid, start
/// ticks, uid and name of each.
std::string WriteAncestors(const std::vector<Ancestor>& ancestors);

/// The reverse. kDataLoss where that is not what `text` is.
Result<std::vector<Ancestor>> ReadAncestors(std::string_view text);

}  // namespace surety
