#include "agent/command/flags_bundle.h"

#include <array>
#include <utility>

#include "agent/command/usage.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kScheme = "spiffe://";

Result<TrustDomain> TrustDomainOf(const std::string& word, std::string_view command) {
  std::string_view name = word;
  if (name.starts_with(kScheme)) name.remove_prefix(kScheme.size());
  auto trust_domain = TrustDomain::Parse(name);
  if (!trust_domain)
    return Wrong("\"" + Printable(word) + "\": " + trust_domain.error().message(), command);
  return trust_domain;
}

/// The flags of `surety bundle COMMAND`, and the trust domain if there is one.
struct Words {
  Given given;
  AdminFlags admin;
  std::optional<TrustDomain> trust_domain{};
  bool help = false;
};

Result<Words> WordsOf(Arguments arguments, const po::options_description& flags,
                      std::string_view command) {
  auto given = Read(arguments, flags, command);
  if (!given) return given.error();
  Words words{.given = *std::move(given), .admin = {}};
  words.help = words.given.flags.count("help") != 0;
  if (words.help) return words;
  const auto& named = words.given.words;
  if (named.size() > 1) return Surplus(named[1], command);
  if (!named.empty()) {
    auto trust_domain = TrustDomainOf(named.front(), command);
    if (!trust_domain) return trust_domain.error();
    words.trust_domain = *std::move(trust_domain);
  }
  auto admin = AdminOf(words.given, command);
  if (!admin) return admin.error();
  words.admin = *std::move(admin);
  return words;
}

Error WhoseBundle(std::string_view command) {
  return Wrong("whose bundle? Write: surety " + std::string(command) + " spiffe://TRUSTDOMAIN",
               command);
}

Result<CommandLine> ParseShow(Arguments arguments) {
  constexpr const char* kShow = "bundle show";
  po::options_description flags = AdminFlagsOf();
  flags.add_options()("map", "all bundles, our own and the others, as a SPIFFE bundle map");
  const auto words = WordsOf(arguments, flags, kShow);
  if (!words) return words.error();
  if (words->help) return CommandLine(HelpOf(kBundleShowUsage, flags));
  const bool map = words->given.flags.count("map") != 0;
  if (map && words->trust_domain) return Surplus(words->given.words.front(), kShow);
  return CommandLine(
      BundleShowFlags{.admin = words->admin, .trust_domain = words->trust_domain, .map = map});
}

Result<CommandLine> ParseList(Arguments arguments) {
  constexpr const char* kList = "bundle list";
  const auto flags = AdminFlagsOf();
  const auto words = WordsOf(arguments, flags, kList);
  if (!words) return words.error();
  if (words->help) return CommandLine(HelpOf(kBundleListUsage, flags));
  if (words->trust_domain) return Surplus(words->given.words.front(), kList);
  return CommandLine(BundleListFlags{.admin = words->admin});
}

Result<CommandLine> ParseSet(Arguments arguments) {
  constexpr const char* kSet = "bundle set";
  po::options_description flags = AdminFlagsOf();
  flags.add_options()(
      "file,f", po::value<std::string>()->value_name("FILE"),
      "the bundle document, or CA certificates as PEM; -: the standard input (required)");
  const auto words = WordsOf(arguments, flags, kSet);
  if (!words) return words.error();
  if (words->help) return CommandLine(HelpOf(kBundleSetUsage, flags));
  if (!words->trust_domain) return WhoseBundle(kSet);
  const auto file = TextOf(words->given, "file");
  if (!file || file->empty())
    return Wrong(
        "--file is missing: the bundle document or CA certificates, or - for the standard input",
        kSet);
  return CommandLine(
      BundleSetFlags{.trust_domain = *words->trust_domain, .file = *file, .admin = words->admin});
}

Result<CommandLine> ParseDelete(Arguments arguments) {
  constexpr const char* kDelete = "bundle delete";
  const auto flags = AdminFlagsOf();
  const auto words = WordsOf(arguments, flags, kDelete);
  if (!words) return words.error();
  if (words->help) return CommandLine(HelpOf(kBundleDeleteUsage, flags));
  if (!words->trust_domain) return WhoseBundle(kDelete);
  return CommandLine(
      BundleDeleteFlags{.trust_domain = *words->trust_domain, .admin = words->admin});
}

}  // namespace

Result<CommandLine> ParseBundle(Arguments arguments) {
  constexpr std::array<std::string_view, 4> kCommands{"show", "list", "set", "delete"};
  if (arguments.empty()) return Wrong("bundle what? show, list, set or delete", "bundle");
  const std::string_view command = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (command == "show") return ParseShow(rest);
  if (command == "list") return ParseList(rest);
  if (command == "set") return ParseSet(rest);
  if (command == "delete") return ParseDelete(rest);
  if (command == "--help" || command == "-h")
    return CommandLine(PrintedText{std::string(kBundleUsage)});
  return Wrong(
      "unknown command \"bundle " + Printable(command) + "\"" + DidYouMean(command, kCommands),
      "bundle");
}

}  // namespace surety
