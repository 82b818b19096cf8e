#pragma once

#include <istream>
#include <string>

#include "surety/result.h"

namespace surety {

/// The whole of a file that was named on the command line. kInvalidArgument if it
/// cannot be read, is empty, or has more than 1 MiB.
Result<std::string> ReadInputFile(const std::string& path);

/// The same, of `standard_input` where `path` is "-".
Result<std::string> ReadInput(const std::string& path, std::istream& standard_input);

}  // namespace surety
