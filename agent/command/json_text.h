#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "surety/clock.h"

namespace surety {

/// Keeps the order in which fields were set, so that output is stable.
using Json = nlohmann::ordered_json;

/// On one line, without the newline. Bytes that are not UTF-8 become U+FFFD.
std::string JsonLine(const Json& value);

/// Indented, with a newline at the end.
std::string JsonDocument(const Json& value);

/// RFC 3339, or null.
Json JsonTime(const std::optional<WallTime>& time);

}  // namespace surety
