#include "agent/command/flags_policy.h"

#include <array>
#include <utility>

#include "agent/command/usage_policy.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr const char* kCheck = "policy check";
constexpr const char* kShow = "policy show";
constexpr const char* kTest = "policy test";
constexpr const char* kEval = "policy eval";
constexpr const char* kSimulate = "policy simulate";

void AddBeneath(po::options_description& flags) {
  flags.add_options()(
      "beneath,b", "keep the built-in policy beneath those of the folder, as beneath of [policy]");
}

po::options_description SourceFlags() {
  po::options_description flags = CommonFlags();
  flags.add_options()("policies,p", po::value<std::string>()->value_name("DIR"),
                      "the folder of policies; else the built-in policy alone");
  AddBeneath(flags);
  flags.add_options()("monitor,m", "let them only watch, as monitor of [policy]");
  return flags;
}

Result<PolicySourceFlags> SourceOf(const Given& given, std::string_view command) {
  const auto folder = TextOf(given, "policies");
  if (folder && folder->empty()) return Wrong("--policies names no folder", command);
  return PolicySourceFlags{.folder = folder.value_or(""),
                           .beneath = given.flags.count("beneath") != 0,
                           .monitor = given.flags.count("monitor") != 0};
}

/// A command line that was read, with what all of these commands have.
struct Asked {
  Given given;
  PolicySourceFlags source;
  OutputFormat output = OutputFormat::kText;
};

Result<Asked> ReadAll(Arguments arguments, const po::options_description& flags,
                      std::string_view command) {
  auto given = Read(arguments, flags, command);
  if (!given) return given.error();
  const auto source = SourceOf(*given, command);
  if (!source) return source.error();
  const auto output = OutputOf(*given, command);
  if (!output) return output.error();
  return Asked{.given = *std::move(given), .source = *source, .output = *output};
}

bool Wants(const Asked& asked, const char* flag) { return asked.given.flags.count(flag) != 0; }

Result<CommandLine> ParseCheck(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddBeneath(flags);
  auto asked = ReadAll(arguments, flags, kCheck);
  if (!asked) return asked.error();
  if (Wants(*asked, "help")) return CommandLine(HelpOf(kPolicyCheckUsage, flags));
  const auto& words = asked->given.words;
  if (words.empty() || words.front().empty())
    return Wrong("check which folder? Write: surety policy check DIR", kCheck);
  if (words.size() > 1) return Surplus(words[1], kCheck);
  asked->source.folder = words.front();
  return CommandLine(PolicyCheckFlags{.source = asked->source, .output = asked->output});
}

Result<CommandLine> ParseShow(Arguments arguments) {
  po::options_description flags = SourceFlags();
  flags.add_options()("schema", "print the schema of the facts instead")(
      "cedar", "print the policies themselves instead");
  const auto asked = ReadAll(arguments, flags, kShow);
  if (!asked) return asked.error();
  if (Wants(*asked, "help")) return CommandLine(HelpOf(kPolicyShowUsage, flags));
  if (!asked->given.words.empty()) return Surplus(asked->given.words.front(), kShow);
  if (Wants(*asked, "schema") && Wants(*asked, "cedar"))
    return Wrong("--schema and --cedar: choose one", kShow);
  const auto view = Wants(*asked, "schema")  ? PolicyView::kSchema
                    : Wants(*asked, "cedar") ? PolicyView::kCedar
                                             : PolicyView::kTable;
  return CommandLine(
      PolicyShowFlags{.source = asked->source, .view = view, .output = asked->output});
}

Result<CommandLine> ParseTest(Arguments arguments) {
  po::options_description flags = SourceFlags();
  flags.add_options()("full-coverage,f", "fail if there is a policy that decided in no case");
  const auto asked = ReadAll(arguments, flags, kTest);
  if (!asked) return asked.error();
  if (Wants(*asked, "help")) return CommandLine(HelpOf(kPolicyTestUsage, flags));
  if (asked->given.words.empty())
    return Wrong("test with which cases? Write: surety policy test FILE", kTest);
  return CommandLine(PolicyTestFlags{.source = asked->source,
                                     .files = asked->given.words,
                                     .full_coverage = Wants(*asked, "full-coverage"),
                                     .output = asked->output});
}

Result<CommandLine> ParseEval(Arguments arguments) {
  po::options_description flags = SourceFlags();
  flags.add_options()("explain,e",
                      "also tell which policies hold, what they read, and what that was");
  const auto asked = ReadAll(arguments, flags, kEval);
  if (!asked) return asked.error();
  if (Wants(*asked, "help")) return CommandLine(HelpOf(kPolicyEvalUsage, flags));
  const auto& words = asked->given.words;
  if (words.empty())
    return Wrong("which request? Write: surety policy eval FILE, or - for the standard input",
                 kEval);
  if (words.size() > 1) return Surplus(words[1], kEval);
  return CommandLine(PolicyEvalFlags{.source = asked->source,
                                     .file = words.front(),
                                     .explain = Wants(*asked, "explain"),
                                     .output = asked->output});
}

Result<CommandLine> ParseSimulate(Arguments arguments) {
  po::options_description flags = SourceFlags();
  flags.add_options()("audit,a", po::value<std::string>()->value_name("LOG"),
                      "the audit log's folder; else that of the daemon's configuration, else "
                      "/var/lib/surety/audit");
  const auto asked = ReadAll(arguments, flags, kSimulate);
  if (!asked) return asked.error();
  if (Wants(*asked, "help")) return CommandLine(HelpOf(kPolicySimulateUsage, flags));
  if (!asked->given.words.empty()) return Surplus(asked->given.words.front(), kSimulate);
  return CommandLine(PolicySimulateFlags{
      .source = asked->source, .audit = TextOf(asked->given, "audit"), .output = asked->output});
}

}  // namespace

Result<CommandLine> ParsePolicy(Arguments arguments) {
  constexpr std::array<std::string_view, 5> kCommands{"check", "show", "test", "eval", "simulate"};
  if (arguments.empty()) return Wrong("policy what? check, show, test, eval or simulate", "policy");
  const std::string_view command = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (command == "check") return ParseCheck(rest);
  if (command == "show") return ParseShow(rest);
  if (command == "test") return ParseTest(rest);
  if (command == "eval") return ParseEval(rest);
  if (command == "simulate") return ParseSimulate(rest);
  if (command == "--help" || command == "-h")
    return CommandLine(PrintedText{std::string(kPolicyUsage)});
  return Wrong(
      "unknown command \"policy " + Printable(command) + "\"" + DidYouMean(command, kCommands),
      "policy");
}

}  // namespace surety
