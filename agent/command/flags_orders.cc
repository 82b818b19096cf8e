#include "agent/command/flags_orders.h"

#include <array>
#include <utility>

#include "agent/command/usage.h"
#include "agent/identity/duration_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr const char* kList = "quarantine list";
constexpr const char* kAdd = "quarantine add";
constexpr const char* kRelease = "quarantine release";
constexpr const char* kRevoke = "revoke";

auto Text(const char* name) { return po::value<std::string>()->value_name(name); }

void AddReason(po::options_description& flags) {
  flags.add_options()("reason,r", Text("TEXT"), "why, for the record (required)");
}

Result<std::string> ReasonOf(const Given& given, std::string_view command) {
  auto reason = TextOf(given, "reason");
  if (!reason || reason->empty())
    return Wrong("--reason is missing: the record shall say why", command);
  return *std::move(reason);
}

Result<std::optional<pid_t>> PidOf(const Given& given, std::string_view command) {
  const auto text = TextOf(given, "pid");
  if (!text) return std::optional<pid_t>();
  const auto pid = NumberOf<pid_t>(*text);
  if (!pid) return Wrong("--pid \"" + Printable(*text) + "\" is no process id", command);
  return pid;
}

Result<CommandLine> ParseList(Arguments arguments) {
  po::options_description flags = AdminFlagsOf();
  const auto given = Read(arguments, flags, kList);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kQuarantineListUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kList);
  const auto admin = AdminOf(*given, kList);
  if (!admin) return admin.error();
  return CommandLine(QuarantineListFlags{*admin});
}

po::options_description AddFlags() {
  po::options_description flags = AdminFlagsOf();
  flags.add_options()("lineage,l", Text("LINEAGE"), "this lineage, as status and audit show it")(
      "pid,p", Text("PID"), "the lineage of this process")(
      "entry,e", Text("ID"), "only this entry; alone: the entry, whoever asks")(
      "duration,d", Text("TIME"), "end after so long, such as 1h; else when released");
  AddReason(flags);
  return flags;
}

Result<QuarantineOrder> OrderOf(const Given& given) {
  QuarantineOrder order;
  order.lineage = TextOf(given, "lineage").value_or("");
  order.entry_id = TextOf(given, "entry").value_or("");
  const auto pid = PidOf(given, kAdd);
  if (!pid) return pid.error();
  order.pid = pid->value_or(0);
  if (order.lineage.empty() && order.pid == 0 && order.entry_id.empty())
    return Wrong("what is to be put into quarantine? --lineage, --pid or --entry", kAdd);
  if (!order.lineage.empty() && order.pid != 0)
    return Wrong("--lineage and --pid exclude each other", kAdd);
  if (const auto text = TextOf(given, "duration")) {
    const auto duration = ParseDuration(*text);
    if (!duration) return Wrong(duration.error().Within("--duration").Text(), kAdd);
    if (*duration < Seconds(1)) return Wrong("--duration is at least 1s", kAdd);
    order.duration = *duration;
  }
  auto reason = ReasonOf(given, kAdd);
  if (!reason) return reason.error();
  order.reason = *std::move(reason);
  return order;
}

Result<CommandLine> ParseAdd(Arguments arguments) {
  const po::options_description flags = AddFlags();
  const auto given = Read(arguments, flags, kAdd);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kQuarantineAddUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kAdd);
  auto order = OrderOf(*given);
  if (!order) return order.error();
  const auto admin = AdminOf(*given, kAdd);
  if (!admin) return admin.error();
  return CommandLine(QuarantineAddFlags{.order = *std::move(order), .admin = *admin});
}

Result<CommandLine> ParseRelease(Arguments arguments) {
  po::options_description flags = AdminFlagsOf();
  AddReason(flags);
  const auto given = Read(arguments, flags, kRelease);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kQuarantineReleaseUsage, flags));
  if (given->words.empty())
    return Wrong("release which? Write: surety quarantine release ID", kRelease);
  if (given->words.size() > 1) return Surplus(given->words[1], kRelease);
  const auto id = NumberOf<std::uint64_t>(given->words.front());
  if (!id)
    return Wrong("\"" + Printable(given->words.front()) +
                     "\" is no quarantine's number; surety quarantine list shows them",
                 kRelease);
  auto reason = ReasonOf(*given, kRelease);
  if (!reason) return reason.error();
  const auto admin = AdminOf(*given, kRelease);
  if (!admin) return admin.error();
  return CommandLine(
      QuarantineReleaseFlags{.id = *id, .reason = *std::move(reason), .admin = *admin});
}

}  // namespace

Result<CommandLine> ParseQuarantine(Arguments arguments) {
  constexpr std::array<std::string_view, 3> kCommands{"list", "add", "release"};
  if (arguments.empty()) return Wrong("quarantine what? list, add or release", "quarantine");
  const std::string_view command = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (command == "list") return ParseList(rest);
  if (command == "add") return ParseAdd(rest);
  if (command == "release") return ParseRelease(rest);
  if (command == "--help" || command == "-h")
    return CommandLine(PrintedText{std::string(kQuarantineUsage)});
  return Wrong(
      "unknown command \"quarantine " + Printable(command) + "\"" + DidYouMean(command, kCommands),
      "quarantine");
}

Result<CommandLine> ParseRevoke(Arguments arguments) {
  po::options_description flags = AdminFlagsOf();
  flags.add_options()("serial,S", Text("SERIAL"), "the SVID with this serial number, in hex")(
      "pid,p", Text("PID"), "all that this process holds")("spiffe-id,i", Text("ID"),
                                                           "all with this SPIFFE ID");
  AddReason(flags);
  const auto given = Read(arguments, flags, kRevoke);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kRevokeUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kRevoke);
  const auto pid = PidOf(*given, kRevoke);
  if (!pid) return pid.error();
  RevocationOrder order{.serial = TextOf(*given, "serial").value_or(""),
                        .pid = pid->value_or(0),
                        .spiffe_id = TextOf(*given, "spiffe-id").value_or(""),
                        .reason = {}};
  const int subjects =
      (order.serial.empty() ? 0 : 1) + (order.pid == 0 ? 0 : 1) + (order.spiffe_id.empty() ? 0 : 1);
  if (subjects != 1)
    return Wrong("name what to revoke by one of --serial, --pid and --spiffe-id", kRevoke);
  auto reason = ReasonOf(*given, kRevoke);
  if (!reason) return reason.error();
  order.reason = *std::move(reason);
  const auto admin = AdminOf(*given, kRevoke);
  if (!admin) return admin.error();
  return CommandLine(RevokeFlags{.order = std::move(order), .admin = *admin});
}

}  // namespace surety
