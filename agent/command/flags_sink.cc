#include "agent/command/flags_sink.h"

#include "agent/command/usage.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr const char* kSink = "sink";

}  // namespace

Result<CommandLine> ParseSink(Arguments arguments) {
  namespace po = boost::program_options;
  po::options_description flags = CommonFlags();
  AddTimeout(flags, "how long to wait for files");
  const auto given = Read(arguments, flags, kSink);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kSinkUsage, flags));
  if (given->words.empty() || given->words.front() != "wait")
    return Wrong("what of a sink? Write: surety sink wait FOLDER", kSink);
  if (given->words.size() == 1)
    return Wrong("wait for which files? Name the sink's folder as [[sink]] has it", kSink);
  if (given->words.size() > 2) return Surplus(given->words[2], kSink);
  const auto timeout = TimeoutOf(*given, kSink);
  if (!timeout) return timeout.error();
  return CommandLine(SinkWaitFlags{.folder = given->words[1], .timeout = *timeout});
}

}  // namespace surety
