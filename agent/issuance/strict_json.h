#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// Reads a JSON object as RFC 8259 has it and no looser. kInvalidArgument: no JSON or
/// no object, a name that stands twice in one object (readers differ in which they
/// believe), more than 16 levels, more than `most_values` values.
Result<nlohmann::json> ParseStrictObject(std::string_view text, std::size_t most_values = 1'000);

}  // namespace surety
