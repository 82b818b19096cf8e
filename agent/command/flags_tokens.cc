#include "agent/command/flags_tokens.h"

#include "agent/command/usage.h"
#include "attestors/printable.h"

namespace surety {
namespace {

namespace po = boost::program_options;

constexpr const char* kFetchJwt = "fetch jwt";
constexpr const char* kFetchWit = "fetch wit";
constexpr const char* kValidate = "validate";

}  // namespace

Result<CommandLine> ParseFetchJwt(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddWorkloadSocket(flags);
  AddTimeout(flags, "how long to wait for an answer");
  flags.add_options()("audience,a", po::value<std::vector<std::string>>()->value_name("NAME"),
                      "whom the token is for (required; may come again)")(
      "spiffe-id", po::value<std::string>()->value_name("ID"),
      "only of this identity; else one token for each");
  const auto given = Read(arguments, flags, kFetchJwt);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kFetchJwtUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kFetchJwt);
  if (given->flags.count("audience") == 0)
    return Wrong("--audience is missing: name the service that the token is for", kFetchJwt);
  const auto output = OutputOf(*given, kFetchJwt);
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, kFetchJwt);
  if (!timeout) return timeout.error();
  return CommandLine(
      FetchJwtFlags{.socket = TextOf(*given, "socket"),
                    .audiences = given->flags["audience"].as<std::vector<std::string>>(),
                    .spiffe_id = TextOf(*given, "spiffe-id"),
                    .timeout = *timeout,
                    .output = *output});
}

Result<CommandLine> ParseFetchWit(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddWorkloadSocket(flags);
  AddTimeout(flags, "how long to wait for an answer");
  flags.add_options()("write,w", po::value<std::string>()->value_name("DIR"),
                      "also write tokens and keys into DIR")(
      "spiffe-id", po::value<std::string>()->value_name("ID"),
      "only of this identity; else one for each");
  const auto given = Read(arguments, flags, kFetchWit);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kFetchWitUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kFetchWit);
  const auto output = OutputOf(*given, kFetchWit);
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, kFetchWit);
  if (!timeout) return timeout.error();
  return CommandLine(FetchWitFlags{.socket = TextOf(*given, "socket"),
                                   .spiffe_id = TextOf(*given, "spiffe-id"),
                                   .write_folder = TextOf(*given, "write"),
                                   .timeout = *timeout,
                                   .output = *output});
}

Result<CommandLine> ParseValidate(Arguments arguments) {
  po::options_description flags = CommonFlags();
  AddWorkloadSocket(flags);
  AddTimeout(flags, "how long to wait for an answer");
  flags.add_options()("audience,a", po::value<std::string>()->value_name("NAME"),
                      "who you are to the bearer: the token must be for you (required)");
  const auto given = Read(arguments, flags, kValidate);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kValidateUsage, flags));
  if (given->words.empty() || given->words.front() != "jwt")
    return Wrong("validate what? Write: surety validate jwt --audience NAME [FILE]", kValidate);
  if (given->words.size() > 2) return Surplus(given->words[2], kValidate);
  const auto audience = TextOf(*given, "audience");
  if (!audience) return Wrong("--audience is missing: whom should the token be for?", kValidate);
  const auto output = OutputOf(*given, kValidate);
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, kValidate);
  if (!timeout) return timeout.error();
  return CommandLine(ValidateJwtFlags{.socket = TextOf(*given, "socket"),
                                      .audience = *audience,
                                      .file = given->words.size() == 2 ? given->words[1] : "-",
                                      .timeout = *timeout,
                                      .output = *output});
}

}  // namespace surety
