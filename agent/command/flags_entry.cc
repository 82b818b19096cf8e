#include "agent/command/flags_entry.h"

#include "agent/command/usage.h"
#include "attestors/printable.h"
#include "surety/spiffe_id.h"

namespace surety {
namespace {

constexpr const char* kImport = "entry import";

Result<CommandLine> ParseImport(Arguments arguments) {
  namespace po = boost::program_options;
  po::options_description flags("Flags");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  flags.add_options()("help,h", "show this help and exit")(
      "trust-domain", text("NAME"), "write the entries for this trust domain instead of SPIRE's")(
      "parent,p", text("ID"), "only entries with this parent: those of one node")(
      "write,w", text("DIR"), "write them to DIR/spire.toml instead of printing them");
  const auto given = Read(arguments, flags, kImport);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kEntryImportUsage, flags));
  if (given->words.empty())
    return Wrong("import what? Write: surety entry import SPIRE.json, or - for the standard input",
                 kImport);
  if (given->words.size() > 1) return Surplus(given->words[1], kImport);
  const auto trust_domain = TextOf(*given, "trust-domain");
  if (trust_domain) {
    if (const auto parsed = TrustDomain::Parse(*trust_domain); !parsed)
      return Wrong("--trust-domain: " + parsed.error().Text(), kImport);
  }
  return CommandLine(EntryImportFlags{.file = given->words.front(),
                                      .trust_domain = trust_domain,
                                      .parent = TextOf(*given, "parent"),
                                      .write_folder = TextOf(*given, "write")});
}

}  // namespace

Result<CommandLine> ParseEntry(Arguments arguments) {
  if (arguments.empty()) return Wrong("entry what? import", "entry");
  const std::string_view command = arguments.front();
  if (command == "import") return ParseImport(arguments.subspan(1));
  if (command == "--help" || command == "-h")
    return CommandLine(PrintedText{std::string(kEntryUsage)});
  return Wrong("unknown command \"entry " + Printable(command) + "\", only import", "entry");
}

}  // namespace surety
