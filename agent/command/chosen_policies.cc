#include "agent/command/chosen_policies.h"

#include <utility>

#include "agent/policy/set_revision.h"
#include "attestors/printable.h"

namespace surety {

PolicySource SourceOf(const PolicySourceFlags& flags) {
  return {.folder = flags.folder,
          .built_in = flags.beneath ? BuiltIn::kBeneath : BuiltIn::kReplaced};
}

Result<ChosenPolicies> ChoosePolicies(const PolicySourceFlags& flags) {
  Diagnostics diagnostics;
  auto read = ReadPolicies(SourceOf(flags), diagnostics);
  if (!read)
    return Error(ErrorCode::kInvalidArgument,
                 Summary(diagnostics) + "; \"surety policy check\" tells all");
  const PolicyMode mode = flags.monitor ? PolicyMode::kMonitor : PolicyMode::kEnforce;
  auto revision = RevisionOf(read->policies->texts(), NameOf(mode));
  return ChosenPolicies{.set = std::move(read->policies),
                        .mode = mode,
                        .revision = std::move(revision),
                        .name = flags.folder.empty() ? "built-in" : Printable(flags.folder)};
}

}  // namespace surety
