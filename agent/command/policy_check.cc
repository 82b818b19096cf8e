#include "agent/command/policy_check.h"

#include <optional>
#include <string>

#include "agent/command/chosen_policies.h"
#include "agent/command/json_text.h"
#include "agent/command/policy_json.h"
#include "agent/policy/set_revision.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::string Counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string RevisionOfRead(const SourcedPolicies& read) {
  return RevisionOf(read.policies->texts(), NameOf(PolicyMode::kEnforce));
}

void PrintText(const std::optional<SourcedPolicies>& read, const Diagnostics& diagnostics,
               const std::string& folder, std::ostream& out) {
  Print(diagnostics, out);
  out << (read ? "ok: " : "not ok: ") << Counted(diagnostics.errors(), "error", "errors") << ", "
      << Counted(diagnostics.warnings(), "warning", "warnings");
  if (read) {
    out << "; " << Counted(read->policies->rules().size(), "policy", "policies") << " in "
        << Counted(read->policies->texts().size(), "text", "texts") << " of " << folder
        << ", revision " << RevisionOfRead(*read);
    if (!read->policies->replaced().empty())
      out << ", instead of " << Counted(read->policies->replaced().size(), "policy", "policies")
          << " of the built-in ones";
  }
  out << "\n";
}

void PrintJson(const std::optional<SourcedPolicies>& read, const Diagnostics& diagnostics,
               std::ostream& out) {
  Json json{{"ok", read.has_value()},
            {"errors", diagnostics.errors()},
            {"warnings", diagnostics.warnings()},
            {"problems", JsonOf(diagnostics)}};
  if (read) {
    json["policies"] = read->policies->rules().size();
    json["revision"] = RevisionOfRead(*read);
    json["replaced"] = read->policies->replaced();
  }
  out << JsonDocument(json);
}

}  // namespace

Result<void> CheckPolicies(const PolicyCheckFlags& flags, std::ostream& out) {
  const std::string folder = Printable(flags.source.folder);
  Diagnostics diagnostics;
  const auto read = ReadPolicies(SourceOf(flags.source), diagnostics);
  if (flags.output == OutputFormat::kJson) {
    PrintJson(read, diagnostics, out);
  } else {
    PrintText(read, diagnostics, folder, out);
  }
  if (read) return {};
  return Error(ErrorCode::kInvalidArgument,
               "the daemon would not take the policies of " + folder + ": mend what is told above");
}

}  // namespace surety
