#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "agent/config.h"

namespace surety {

/// What suretyd was asked to do.
struct Flags {
  enum class Command {
    kRun,    ///< Serve until told to stop.
    kCheck,  ///< Read configuration and entries, say what is wrong, start nothing.
  };
  Command command = Command::kRun;
  std::string config_file{kDefaultConfigFile};
  ConfigOverrides overrides;
  bool strict = false;  ///< kCheck: a warning is a failure.
};

/// There is nothing to run: print this and exit.
struct FlagsExit {
  int code = 0;      ///< 0 for --help and --version; 2 for a command line that is wrong.
  std::string text;  ///< For standard output if the code is 0, else for standard error.
};

/// Reads the arguments behind the program's name. `version` is what --version
/// prints. Throws nothing.
std::variant<Flags, FlagsExit> ParseFlags(std::span<const char* const> arguments,
                                          std::string_view version);

}  // namespace surety
