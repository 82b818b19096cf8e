#pragma once

#include <string>
#include <string_view>

#include "surety/scope.h"

namespace surety {

/// A scope as the database keeps it: a text list (text_list.h) of its selectors.
std::string WriteScope(const Scope& scope);

/// The reverse. kDataLoss where that is not what `text` is.
Result<Scope> ReadScope(std::string_view text);

}  // namespace surety
