#include "agent/command/input_file.h"

#include <algorithm>
#include <fstream>

#include "attestors/printable.h"

namespace surety {
namespace {

Result<std::string> ReadAllOf(std::istream& in, const std::string& name, std::size_t largest) {
  std::string text(largest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (text.empty())
    return Error(ErrorCode::kInvalidArgument, name + " cannot be read, or is empty");
  if (text.size() > largest)
    return Error(ErrorCode::kInvalidArgument,
                 name + " is larger than " + std::to_string(largest >> 20U) + " MiB");
  return text;
}

}  // namespace

Result<std::string> ReadInputFile(const std::string& path, std::size_t largest) {
  std::ifstream file(path, std::ios::binary);
  return ReadAllOf(file, Printable(path), largest);
}

Result<std::string> ReadInput(const std::string& path, std::istream& standard_input,
                              std::size_t largest) {
  return path == "-" ? ReadAllOf(standard_input, "the standard input", largest)
                     : ReadInputFile(path, largest);
}

}  // namespace surety
