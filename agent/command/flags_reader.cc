#include "agent/command/flags_reader.h"

#include <sstream>

#include "agent/identity/duration_text.h"
#include "agent/identity/nearest_name.h"
#include "attestors/printable.h"

namespace surety {

namespace po = boost::program_options;

Error Wrong(const std::string& what, std::string_view command) {
  const std::string help =
      command.empty() ? "surety --help" : "surety " + std::string(command) + " --help";
  return {ErrorCode::kInvalidArgument, what + "; see " + help};
}

std::string DidYouMean(std::string_view typed, std::span<const std::string_view> names) {
  const std::string_view near = NearestName(typed, names);
  return near.empty() ? "" : ", did you mean \"" + std::string(near) + "\"?";
}

Error Surplus(const std::string& word, std::string_view command) {
  return Wrong("\"" + Printable(word) + "\" is one word too many", command);
}

po::options_description CommonFlags() {
  po::options_description flags("Flags");
  flags.add_options()("help,h", "show this help and exit")(
      "output,o", po::value<std::string>()->value_name("text|json")->default_value("text"),
      "how to print");
  return flags;
}

void AddWorkloadSocket(po::options_description& flags) {
  flags.add_options()("socket,s", po::value<std::string>()->value_name("URI"),
                      "the Workload API's socket; else the one in SPIFFE_ENDPOINT_SOCKET, else "
                      "unix:///run/surety/workload.sock");
}

void AddTimeout(po::options_description& flags, const char* meaning) {
  flags.add_options()("timeout,t",
                      po::value<std::string>()->value_name("TIME")->default_value("5s"), meaning);
}

po::options_description AdminFlagsOf() {
  po::options_description flags = CommonFlags();
  AddTimeout(flags, "how long to wait for an answer");
  flags.add_options()(
      "admin-socket,a",
      po::value<std::string>()->value_name("PATH")->default_value(std::string(kDefaultAdminSocket)),
      "the daemon's admin socket");
  return flags;
}

Result<Given> Read(Arguments arguments, const po::options_description& known,
                   std::string_view command) {
  po::options_description all;
  all.add(known).add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description words;
  words.add("words", -1);
  try {
    Given given;
    po::store(
        po::command_line_parser(std::vector<std::string>(arguments.begin(), arguments.end()))
            .options(all)
            .positional(words)
            .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
            .run(),
        given.flags);
    if (given.flags.count("words") != 0)
      given.words = given.flags["words"].as<std::vector<std::string>>();
    return given;
  } catch (const po::unknown_option& error) {
    std::vector<std::string> names;
    for (const auto& option : known.options()) names.push_back("--" + option->long_name());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string typed = error.get_option_name();
    return Wrong("unknown flag \"" + Printable(typed) + "\"" + DidYouMean(typed, views), command);
  } catch (const po::error& error) {
    return Wrong(Printable(error.what()), command);
  }
}

Result<OutputFormat> OutputOf(const Given& given, std::string_view command) {
  const auto& text = given.flags["output"].as<std::string>();
  if (text == "text") return OutputFormat::kText;
  if (text == "json") return OutputFormat::kJson;
  return Wrong("--output is \"text\" or \"json\", not \"" + Printable(text) + "\"", command);
}

Result<std::chrono::milliseconds> TimeoutOf(const Given& given, std::string_view command) {
  const auto span = ParseDuration(given.flags["timeout"].as<std::string>());
  if (!span) return Wrong(span.error().Within("--timeout").Text(), command);
  if (*span < Seconds(1) || *span > std::chrono::hours(24))
    return Wrong("--timeout is between 1s and 1d", command);
  return std::chrono::milliseconds(*span);
}

Result<AdminFlags> AdminOf(const Given& given, std::string_view command) {
  const auto output = OutputOf(given, command);
  if (!output) return output.error();
  const auto timeout = TimeoutOf(given, command);
  if (!timeout) return timeout.error();
  return AdminFlags{.socket = given.flags["admin-socket"].as<std::string>(),
                    .timeout = *timeout,
                    .output = *output};
}

std::optional<std::string> TextOf(const Given& given, const char* flag) {
  if (given.flags.count(flag) == 0) return std::nullopt;
  return given.flags[flag].as<std::string>();
}

PrintedText HelpOf(std::string_view usage, const po::options_description& flags) {
  std::ostringstream text;
  text << usage << "\n" << flags;
  return {text.str()};
}

}  // namespace surety
