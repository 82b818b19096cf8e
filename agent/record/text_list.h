#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"

namespace surety {

/// Any texts as one: each as "<length>:<text>," (a netstring), so that none can
/// be mistaken for two, whatever bytes it holds.
std::string WriteTextList(std::span<const std::string> texts);

/// The reverse. kDataLoss where that is not what `list` is.
Result<std::vector<std::string>> ReadTextList(std::string_view list);

/// A whole decimal number of any integer type, and nothing else.
template <typename Number>
Result<Number> ReadNumber(std::string_view text);

}  // namespace surety
