#pragma once

#include <boost/program_options.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

// What the commands' flags are read with (flags*.cc). Errors are kInvalidArgument
// and name the argument, what was probably meant, and where help is.

using Arguments = std::span<const char* const>;

/// `what`, and where the help of `command` is; of the program if that is empty.
Error Wrong(const std::string& what, std::string_view command);
/// ", did you mean …?" if one of the names is near, else nothing.
std::string DidYouMean(std::string_view typed, std::span<const std::string_view> names);
/// A word that the command does not take.
Error Surplus(const std::string& word, std::string_view command);

/// --help and --output, which all commands have.
boost::program_options::options_description CommonFlags();

/// --socket: of a command that speaks the Workload API.
void AddWorkloadSocket(boost::program_options::options_description& flags);

/// --timeout; `meaning` is for its help.
void AddTimeout(boost::program_options::options_description& flags, const char* meaning);

/// Those, --timeout and --admin-socket: of a command that asks the daemon.
boost::program_options::options_description AdminFlagsOf();

/// The flags that were given and the words between them.
struct Given {
  boost::program_options::variables_map flags;
  std::vector<std::string> words;
};
Result<Given> Read(Arguments arguments, const boost::program_options::options_description& known,
                   std::string_view command);

Result<OutputFormat> OutputOf(const Given& given, std::string_view command);
Result<std::chrono::milliseconds> TimeoutOf(const Given& given, std::string_view command);
Result<AdminFlags> AdminOf(const Given& given, std::string_view command);
std::optional<std::string> TextOf(const Given& given, const char* flag);

/// A whole number above zero, and nothing around it.
template <typename Number>
std::optional<Number> NumberOf(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

PrintedText HelpOf(std::string_view usage,
                   const boost::program_options::options_description& flags);

}  // namespace surety
