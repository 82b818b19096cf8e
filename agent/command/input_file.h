#pragma once

#include <cstddef>
#include <istream>
#include <string>

#include "surety/result.h"

namespace surety {

inline constexpr std::size_t kLargestInput = std::size_t{1} << 20;

/// The whole of a file that was named on the command line. kInvalidArgument if it
/// cannot be read, is empty, or has more than `largest` bytes, whole MiB.
Result<std::string> ReadInputFile(const std::string& path, std::size_t largest = kLargestInput);

/// The same, of `standard_input` where `path` is "-".
Result<std::string> ReadInput(const std::string& path, std::istream& standard_input,
                              std::size_t largest = kLargestInput);

}  // namespace surety
