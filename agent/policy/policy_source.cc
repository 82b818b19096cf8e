#include "agent/policy/policy_source.h"

#include <algorithm>
#include <utility>

#include "agent/policy/policy_folder.h"

namespace surety {
namespace {

/// Legal, and rarely meant.
void WarnWithoutPermits(const PolicySource& source, const PolicySet& policies,
                        Diagnostics& diagnostics) {
  const auto& rules = policies.rules();
  const bool permits = std::any_of(
      rules.begin(), rules.end(), [](const Rule& rule) { return rule.permits && rule.enforced(); });
  if (permits) return;
  FileDiagnostics(source.folder, diagnostics)
      .Warn({}, "no policy permits anything, so nobody gets anything",
            "add a permit, or keep the built-in policy beneath: beneath = true");
}

}  // namespace

std::optional<SourcedPolicies> ReadPolicies(const PolicySource& source, Diagnostics& diagnostics) {
  PolicyFolder folder;
  if (!source.folder.empty()) folder = ReadPolicyFolder(source.folder, diagnostics);
  const BuiltIn built_in = source.folder.empty() ? BuiltIn::kBeneath : source.built_in;
  if (folder.texts.empty() && built_in == BuiltIn::kReplaced && !diagnostics.has_errors())
    FileDiagnostics(source.folder, diagnostics)
        .Error({}, "holds no file *.cedar, and without a policy nobody gets anything",
               "put policies there, or leave the folder out to use the built-in policy");
  auto policies = PolicySet::Build(std::move(folder.texts), built_in, diagnostics);
  if (policies == nullptr || diagnostics.has_errors()) return std::nullopt;
  WarnWithoutPermits(source, *policies, diagnostics);
  return SourcedPolicies{std::move(policies), folder.revision};
}

}  // namespace surety
