#include "agent/flags.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/identity/nearest_name.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr int kUsageError = 2;

struct CommandText {
  std::string_view name;
  Flags::Command command;
  std::string_view what;
};

constexpr std::array<CommandText, 2> kCommands{{
    {"run", Flags::Command::kRun, "Serve identities until told to stop (SIGTERM)."},
    {"check", Flags::Command::kCheck,
     "Read configuration, entries and policies, tell all that is wrong, start nothing."},
}};

po::options_description CommandOptions(Flags::Command command) {
  po::options_description options("Options");
  const std::string config_help =
      "the configuration file (default " + std::string(kDefaultConfigFile) + ")";
  options.add_options()                                                                       //
      ("config", po::value<std::string>()->value_name("FILE"), config_help.c_str())           //
      ("state-dir", po::value<std::string>()->value_name("DIR"), "instead of state_dir")      //
      ("entries-dir", po::value<std::string>()->value_name("DIR"), "instead of entries_dir")  //
      ("log-level", po::value<std::string>()->value_name("LEVEL"),
       "instead of log_level: debug, info, warn or error")  //
      ("help", "print this");
  if (command == Flags::Command::kCheck)
    options.add_options()("strict", "fail if there is any warning");
  return options;
}

std::string GeneralHelp() {
  std::string out =
      "suretyd gives processes of this host their SPIFFE identities.\n\n"
      "Usage: suretyd COMMAND [OPTIONS]\n\nCommands:\n";
  for (const CommandText& each : kCommands)
    out += "  " + std::string(each.name) + std::string(8 - each.name.size(), ' ') +
           std::string(each.what) + '\n';
  return out +
         "\nsuretyd COMMAND --help tells a command's options; suretyd --version the version.\n";
}

std::string CommandHelp(const CommandText& command) {
  std::ostringstream out;
  out << "Usage: suretyd " << command.name << " [OPTIONS]\n\n"
      << command.what << "\n\n"
      << CommandOptions(command.command);
  return out.str();
}

FlagsExit Usage(const std::string& what, const std::string& fix) {
  return {kUsageError, "suretyd: " + what + "\n  fix: " + fix + "\n"};
}

FlagsExit UnknownCommand(std::string_view typed) {
  std::vector<std::string_view> names;
  names.reserve(kCommands.size());
  for (const CommandText& each : kCommands) names.push_back(each.name);
  const std::string_view nearest = NearestName(typed, names);
  return Usage("unknown command " + Quoted(typed),
               nearest.empty() ? "suretyd --help lists the commands"
                               : "did you mean \"" + std::string(nearest) + "\"?");
}

FlagsExit UnknownFlag(std::string_view typed, const CommandText& command) {
  const std::string_view bare = typed.substr(std::min(typed.find_first_not_of('-'), typed.size()));
  std::vector<std::string> names;
  const po::options_description options = CommandOptions(command.command);
  for (const auto& option : options.options()) names.push_back(option->long_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = NearestName(bare.substr(0, bare.find('=')), views);
  return Usage("unknown option " + Quoted(typed),
               nearest.empty()
                   ? "suretyd " + std::string(command.name) + " --help lists the options"
                   : "did you mean \"--" + std::string(nearest) + "\"?");
}

std::optional<std::string> ValueOf(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return std::nullopt;
  return values[name].as<std::string>();
}

std::variant<Flags, FlagsExit> ParseOptions(const CommandText& command,
                                            const std::vector<std::string>& arguments) {
  namespace style = po::command_line_style;
  const po::options_description options = CommandOptions(command.command);
  const po::positional_options_description no_positions;
  po::variables_map values;
  po::store(po::command_line_parser(arguments)
                .options(options)
                .positional(no_positions)
                .style(style::unix_style & ~style::allow_guessing & ~style::allow_short)
                .run(),
            values);
  if (values.count("help") != 0) return FlagsExit{0, CommandHelp(command)};
  Flags out;
  out.command = command.command;
  if (auto file = ValueOf(values, "config")) out.config_file = *std::move(file);
  out.overrides = {ValueOf(values, "state-dir"), ValueOf(values, "entries-dir"),
                   ValueOf(values, "log-level")};
  out.strict = values.count("strict") != 0;
  if (out.config_file.empty()) return Usage("--config is empty", "name a file");
  return out;
}

}  // namespace

std::variant<Flags, FlagsExit> ParseFlags(std::span<const char* const> arguments,
                                          std::string_view version) {
  const std::vector<std::string> all(arguments.begin(), arguments.end());
  if (all.empty()) return FlagsExit{kUsageError, GeneralHelp()};
  const std::string& first = all.front();
  if (first == "--help" || first == "help") return FlagsExit{0, GeneralHelp()};
  if (first == "--version") return FlagsExit{0, "suretyd " + std::string(version) + "\n"};
  if (first.starts_with("-"))
    return Usage("a command is expected before " + Quoted(first),
                 "write suretyd run " + first + ", or suretyd check " + first);
  const auto command = std::find_if(kCommands.begin(), kCommands.end(),
                                    [&](const CommandText& each) { return each.name == first; });
  if (command == kCommands.end()) return UnknownCommand(first);
  try {
    return ParseOptions(*command, {all.begin() + 1, all.end()});
  } catch (const po::unknown_option& error) {
    return UnknownFlag(error.get_option_name(), *command);
  } catch (const po::too_many_positional_options_error&) {
    return Usage("there is an argument too many behind " + Quoted(first),
                 "suretyd " + first + " --help tells what it takes");
  } catch (const po::error& error) {
    return Usage(error.what(), "suretyd " + first + " --help tells what it takes");
  }
}

}  // namespace surety
