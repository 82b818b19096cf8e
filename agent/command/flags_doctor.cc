#include "agent/command/flags_doctor.h"

#include "agent/command/usage.h"

namespace surety {

Result<CommandLine> ParseDoctor(Arguments arguments) {
  namespace po = boost::program_options;
  constexpr const char* kDoctor = "doctor";
  po::options_description flags = CommonFlags();
  AddTimeout(flags, "how long one look may take");
  flags.add_options()("config,c", po::value<std::string>()->value_name("FILE"),
                      "the daemon's configuration; else that of this host")(
      "user,u", po::value<std::string>()->value_name("USER"),
      "whom the daemon runs as, where none runs; else that of the service, else yourself");
  const auto given = Read(arguments, flags, kDoctor);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kDoctorUsage, flags));
  if (!given->words.empty()) return Surplus(given->words.front(), kDoctor);
  const auto output = OutputOf(*given, kDoctor);
  if (!output) return output.error();
  const auto timeout = TimeoutOf(*given, kDoctor);
  if (!timeout) return timeout.error();
  return CommandLine(DoctorFlags{.config = TextOf(*given, "config"),
                                 .user = TextOf(*given, "user"),
                                 .timeout = *timeout,
                                 .output = *output});
}

}  // namespace surety
