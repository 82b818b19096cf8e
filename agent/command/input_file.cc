#include "agent/command/input_file.h"

#include <algorithm>
#include <fstream>

#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20;

Result<std::string> ReadAllOf(std::istream& in, const std::string& name) {
  std::string text(kLargest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (text.empty())
    return Error(ErrorCode::kInvalidArgument, name + " cannot be read, or is empty");
  if (text.size() > kLargest)
    return Error(ErrorCode::kInvalidArgument, name + " is larger than 1 MiB");
  return text;
}

}  // namespace

Result<std::string> ReadInputFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return ReadAllOf(file, Printable(path));
}

Result<std::string> ReadInput(const std::string& path, std::istream& standard_input) {
  return path == "-" ? ReadAllOf(standard_input, "the standard input") : ReadInputFile(path);
}

}  // namespace surety
