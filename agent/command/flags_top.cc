#include "agent/command/flags_top.h"

#include "agent/command/usage.h"

namespace surety {

Result<CommandLine> ParseTop(Arguments arguments) {
  namespace po = boost::program_options;
  constexpr const char* kTop = "top";
  po::options_description flags("Flags");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  flags.add_options()("help,h", "show this help and exit")(
      "once,1", "print one frame, without control characters, and exit")(
      "admin-socket,a", text("PATH")->default_value(std::string(kDefaultAdminSocket)),
      "the daemon's admin socket")("dir,d", text("DIR"),
                                   "the audit log's folder; else that of the daemon's "
                                   "configuration, else /var/lib/surety/audit");
  AddTimeout(flags, "how long to wait for an answer");
  const auto given = Read(arguments, flags, kTop);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kTopUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kTop);
  const auto timeout = TimeoutOf(*given, kTop);
  if (!timeout) return timeout.error();
  return CommandLine(TopFlags{.socket = *TextOf(*given, "admin-socket"),
                              .folder = TextOf(*given, "dir"),
                              .timeout = *timeout,
                              .once = given->flags.count("once") != 0});
}

}  // namespace surety
