#include "agent/command/flags_bundle.h"

#include "agent/command/usage.h"

namespace surety {

Result<CommandLine> ParseBundle(Arguments arguments) {
  constexpr const char* kShow = "bundle show";
  const auto flags = AdminFlagsOf();
  const auto given = Read(arguments, flags, kShow);
  if (!given) return given.error();
  if (given->flags.count("help") != 0) return CommandLine(HelpOf(kBundleUsage, flags));
  if (given->words.empty() || given->words.front() != "show")
    return Wrong("bundle what? Write: surety bundle show", "bundle");
  if (given->words.size() > 1) return Surplus(given->words[1], kShow);
  const auto admin = AdminOf(*given, kShow);
  if (!admin) return admin.error();
  return CommandLine(BundleShowFlags{*admin});
}

}  // namespace surety
