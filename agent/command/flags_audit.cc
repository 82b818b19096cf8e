#include "agent/command/flags_audit.h"

#include <algorithm>
#include <array>

#include "agent/command/usage.h"
#include "agent/identity/duration_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr const char* kVerify = "audit verify";
constexpr const char* kTail = "audit tail";
constexpr const char* kWhy = "audit why";
constexpr std::array<std::string_view, 4> kVerdicts{"allow", "refuse", "challenge", "undecided"};

po::options_description AuditFlags() {
  po::options_description flags = CommonFlags();
  flags.add_options()("dir,d", po::value<std::string>()->value_name("DIR"),
                      "the log's folder; else that of the daemon's configuration, else "
                      "/var/lib/surety/audit");
  return flags;
}

Result<CommandLine> ParseVerify(Arguments arguments) {
  po::options_description flags = AuditFlags();
  flags.add_options()("checkpoint,c", po::value<std::string>()->value_name("FILE"),
                      "checkpoints that were kept elsewhere, one a line")(
      "key,k", po::value<std::string>()->value_name("FILE"),
      "the one public key (PEM) whose checkpoints count");
  const auto given = Read(arguments, flags, kVerify);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kAuditVerifyUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kVerify);
  const auto output = OutputOf(*given, kVerify);
  if (!output) return output.error();
  return CommandLine(AuditVerifyFlags{.folder = TextOf(*given, "dir"),
                                      .checkpoint_file = TextOf(*given, "checkpoint"),
                                      .key_file = TextOf(*given, "key"),
                                      .output = *output});
}

po::options_description TailFlags() {
  po::options_description flags = AuditFlags();
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  flags.add_options()("follow,f", "go on as the log grows")(
      "lines,n", text("N")->default_value("20"), "begin with the last N")(
      "since,s", text("TIME"), "begin so long ago instead, such as 10m")(
      "verdict,v", text("VERDICT"), "only allow, refuse, challenge or undecided")(
      "spiffe-id,i", text("ID"), "only decisions about this SPIFFE ID")(
      "pid,p", text("PID"), "only decisions about this process")(
      "lineage,l", text("LINEAGE"), "only decisions about this lineage");
  return flags;
}

// Those of the flags that need a look.
Result<void> ReadFilters(const Given& given, AuditTailFlags& tail) {
  const auto lines = NumberOf<std::uint64_t>(*TextOf(given, "lines"));
  if (!lines || *lines > 100'000) return Wrong("--lines is between 1 and 100000", kTail);
  tail.lines = *lines;
  if (const auto since = TextOf(given, "since")) {
    const auto span = ParseDuration(*since);
    if (!span) return Wrong(span.error().Within("--since").Text(), kTail);
    tail.since = *span;
  }
  if (const auto pid = TextOf(given, "pid")) {
    tail.pid = NumberOf<pid_t>(*pid);
    if (!tail.pid) return Wrong("--pid \"" + Printable(*pid) + "\" is no process id", kTail);
  }
  tail.verdict = TextOf(given, "verdict");
  if (tail.verdict && std::ranges::find(kVerdicts, *tail.verdict) == kVerdicts.end())
    return Wrong("--verdict is allow, refuse, challenge or undecided, not \"" +
                     Printable(*tail.verdict) + "\"",
                 kTail);
  return {};
}

Result<CommandLine> ParseTail(Arguments arguments) {
  const po::options_description flags = TailFlags();
  const auto given = Read(arguments, flags, kTail);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kAuditTailUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kTail);
  const auto output = OutputOf(*given, kTail);
  if (!output) return output.error();
  AuditTailFlags tail;
  tail.folder = TextOf(*given, "dir");
  tail.follow = given->flags.count("follow") != 0;
  tail.spiffe_id = TextOf(*given, "spiffe-id");
  tail.lineage = TextOf(*given, "lineage");
  tail.output = *output;
  if (auto read = ReadFilters(*given, tail); !read) return read.error();
  return CommandLine(std::move(tail));
}

Result<CommandLine> ParseWhy(Arguments arguments) {
  const po::options_description flags = AuditFlags();
  const auto given = Read(arguments, flags, kWhy);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kAuditWhyUsage, flags));
  if (given->words.empty())
    return Wrong("why what? Write: surety audit why SPIFFE-ID, PID or DECISION", kWhy);
  if (given->words.size() > 1) return Surplus(given->words[1], kWhy);
  const auto output = OutputOf(*given, kWhy);
  if (!output) return output.error();
  return CommandLine(AuditWhyFlags{
      .folder = TextOf(*given, "dir"), .subject = given->words.front(), .output = *output});
}

}  // namespace

Result<CommandLine> ParseAudit(Arguments arguments) {
  constexpr std::array<std::string_view, 3> kCommands{"verify", "tail", "why"};
  if (arguments.empty()) return Wrong("audit what? verify, tail or why", "audit");
  const std::string_view command = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (command == "verify") return ParseVerify(rest);
  if (command == "tail") return ParseTail(rest);
  if (command == "why") return ParseWhy(rest);
  if (command == "--help" || command == "-h")
    return CommandLine(PrintedText{std::string(kAuditUsage)});
  return Wrong(
      "unknown command \"audit " + Printable(command) + "\"" + DidYouMean(command, kCommands),
      "audit");
}

}  // namespace surety
