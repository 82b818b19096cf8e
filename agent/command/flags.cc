#include "agent/command/flags.h"

#include <array>
#include <boost/program_options.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/command/flags_audit.h"
#include "agent/command/flags_bundle.h"
#include "agent/command/flags_doctor.h"
#include "agent/command/flags_entry.h"
#include "agent/command/flags_orders.h"
#include "agent/command/flags_policy.h"
#include "agent/command/flags_reader.h"
#include "agent/command/flags_sink.h"
#include "agent/command/flags_tokens.h"
#include "agent/command/flags_top.h"
#include "agent/command/usage.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

Result<CommandLine> ParseFetch(Arguments arguments) {
  if (!arguments.empty() && std::string_view(arguments.front()) == "jwt")
    return ParseFetchJwt(arguments.subspan(1));
  if (!arguments.empty() && std::string_view(arguments.front()) == "wit")
    return ParseFetchWit(arguments.subspan(1));
  po::options_description flags = CommonFlags();
  AddWorkloadSocket(flags);
  AddTimeout(flags, "how long to wait for an answer");
  flags.add_options()("write,w", po::value<std::string>()->value_name("DIR"),
                      "also write certificates, keys and bundles as PEM files into DIR");
  const auto given = Read(arguments, flags, "fetch");
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kFetchUsage, flags));
  if (given->words.empty())
    return Wrong("fetch what? Write: surety fetch x509, surety fetch jwt, or surety fetch wit",
                 "fetch");
  if (given->words.front() != "x509")
    return Wrong("\"" + Printable(given->words.front()) +
                     "\" cannot be fetched, only x509, or jwt or wit as the first word",
                 "fetch");
  if (given->words.size() > 1) return Surplus(given->words[1], "fetch");
  const auto output = OutputOf(*given, "fetch");
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, "fetch");
  if (!timeout) return timeout.error();
  return CommandLine(FetchFlags{.socket = TextOf(*given, "socket"),
                                .write_folder = TextOf(*given, "write"),
                                .timeout = *timeout,
                                .output = *output});
}

Result<CommandLine> ParseWatch(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddWorkloadSocket(flags);
  flags.add_options()("count,n", po::value<std::string>()->value_name("N"), "end after N updates");
  const auto given = Read(arguments, flags, "watch");
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kWatchUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), "watch");
  const auto output = OutputOf(*given, "watch");
  if (!output) return output.error();
  const auto count_text = TextOf(*given, "count");
  const auto count = count_text ? NumberOf<std::uint64_t>(*count_text) : std::nullopt;
  if (count_text && !count) return Wrong("--count is a number above zero", "watch");
  return CommandLine(
      WatchFlags{.socket = TextOf(*given, "socket"), .count = count, .output = *output});
}

Result<CommandLine> ParseStatus(Arguments arguments) {
  const po::options_description flags = AdminFlagsOf();
  const auto given = Read(arguments, flags, "status");
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kStatusUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), "status");
  auto admin = AdminOf(*given, "status");
  if (!admin) return admin.error();
  return CommandLine(StatusFlags{*std::move(admin)});
}

Result<CommandLine> ParseAttest(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddTimeout(flags, "how long to wait for facts that take long, such as a large file's hash");
  flags.add_options()("config", po::value<std::string>()->value_name("FILE"),
                      "the daemon's configuration, which says what container engines to ask");
  const auto given = Read(arguments, flags, "attest");
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kAttestUsage, flags));
  if (given->words.empty())
    return Wrong("attest which process? Write: surety attest PID", "attest");
  if (given->words.size() > 1) return Surplus(given->words[1], "attest");
  const auto pid = NumberOf<pid_t>(given->words.front());
  if (!pid) return Wrong("\"" + Printable(given->words.front()) + "\" is no process id", "attest");
  const auto output = OutputOf(*given, "attest");
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, "attest");
  if (!timeout) return timeout.error();
  AttestFlags attest{.pid = *pid, .timeout = *timeout, .output = *output};
  if (given->flags.count("config") != 0) attest.config = given->flags["config"].as<std::string>();
  return CommandLine(std::move(attest));
}

}  // namespace

Result<CommandLine> ParseCommandLine(Arguments arguments) {
  constexpr std::array<std::string_view, 14> kCommands{
      "bundle", "fetch", "validate", "watch",      "status", "top",    "attest",
      "doctor", "entry", "audit",    "quarantine", "revoke", "policy", "sink"};
  if (arguments.empty()) return Wrong("name a command", "");
  const std::string_view command = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (command == "fetch") return ParseFetch(rest);
  if (command == "validate") return ParseValidate(rest);
  if (command == "watch") return ParseWatch(rest);
  if (command == "status") return ParseStatus(rest);
  if (command == "top") return ParseTop(rest);
  if (command == "attest") return ParseAttest(rest);
  if (command == "doctor") return ParseDoctor(rest);
  if (command == "entry") return ParseEntry(rest);
  if (command == "audit") return ParseAudit(rest);
  if (command == "quarantine") return ParseQuarantine(rest);
  if (command == "revoke") return ParseRevoke(rest);
  if (command == "policy") return ParsePolicy(rest);
  if (command == "bundle") return ParseBundle(rest);
  if (command == "sink") return ParseSink(rest);
  if (command == "--help" || command == "-h" || command == "help")
    return CommandLine(PrintedText{std::string(kUsage)});
  if (command == "--version" || command == "version")
    return CommandLine(PrintedText{"surety " SURETY_VERSION "\n"});
  return Wrong("unknown command \"" + Printable(command) + "\"" + DidYouMean(command, kCommands),
               "");
}

}  // namespace surety
