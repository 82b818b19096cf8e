// The files that an operator writes: as `suretyd check` reads them.

#include <array>
#include <utility>

#include "agent/daemon_attestors.h"
#include "agent/doctor/checks.h"
#include "agent/identity/entries_folder.h"
#include "agent/identity/path_trust.h"
#include "agent/policy/policy_source.h"
#include "attestors/builtin.h"

namespace surety {
namespace {

constexpr std::size_t kMostTold = 20;
constexpr std::array<std::string_view, 4> kTrustDomainsOfExamples{"example.org", "example.com",
                                                                  "example.net", "localhost"};

Finding FindingOf(const std::string& check, const Diagnostic& item) {
  const std::string mend = item.fix.empty() ? "correct " + item.file : item.fix;
  const auto health = item.severity == Severity::kError ? Health::kBroken : Health::kWarning;
  return {check, health, PlaceOf(item) + ": " + item.what, mend};
}

// The errors before the warnings, and not more than can be read.
Diagnosis Told(const std::string& check, const Diagnostics& diagnostics) {
  Diagnosis found;
  for (const Severity severity : {Severity::kError, Severity::kWarning})
    for (const Diagnostic& item : diagnostics.items())
      if (item.severity == severity && found.size() < kMostTold)
        found.push_back(FindingOf(check, item));
  const std::size_t all = diagnostics.errors() + diagnostics.warnings();
  if (all > found.size())
    found.push_back({check, diagnostics.has_errors() ? Health::kBroken : Health::kWarning,
                     std::to_string(all - found.size()) + " more are not shown here",
                     "suretyd check shows them all"});
  return found;
}

}  // namespace

Diagnosis LookAtConfiguration(const Installation& all) {
  Diagnosis found = Told("config", all.wrong_with_config);
  if (!all.config) {
    found.push_back(Broken(
        "config", all.config_file + " cannot be used, so that what it names was not looked at",
        "mend it, and run surety doctor again"));
    return found;
  }
  found.push_back(Ok("config", all.config_file + " can be used"));
  const std::string& name = all.config->trust_domain.name();
  for (const std::string_view example : kTrustDomainsOfExamples)
    if (name == example)
      found.push_back(Warning("config.domain",
                              "the trust domain is \"" + name + "\", which is that of examples",
                              "name your own as trust_domain, before workloads depend on it"));
  return found;
}

Diagnosis LookAtEntries(const Installation& all) {
  Diagnostics diagnostics;
  const auto kinds = SelectorKindsOf(BuiltinAttestors(AttestorOptionsOf(*all.config)));
  const auto contents = ReadEntriesFolder(all.config->entries_dir, EntryRulesOf(*all.config, kinds),
                                          diagnostics, WhoCanReplace);
  Diagnosis found = Told("entries", diagnostics);
  if (diagnostics.has_errors()) return found;
  const std::string& folder = all.config->entries_dir;
  if (contents.entries.empty())
    found.push_back(Warning("entries",
                            "there is none in " + folder + ", so that no process has an identity",
                            "surety attest PID prints one to start from"));
  else
    found.push_back(Ok("entries", std::to_string(contents.entries.size()) + " in " + folder));
  return found;
}

Diagnosis LookAtPolicies(const Installation& all) {
  const PolicyConfig& policy = all.config->policy;
  Diagnosis found;
  if (policy.monitor)
    found.push_back(Warning("policies",
                            "they only watch: whoever matches an entry gets its identity",
                            "remove monitor from [policy] when you have seen what they decide"));
  if (policy.dir.empty()) {
    found.push_back(Ok("policies", "the built-in ones"));
    return found;
  }
  Diagnostics diagnostics;
  const auto built_in = policy.beneath ? BuiltIn::kBeneath : BuiltIn::kReplaced;
  const auto read = ReadPolicies({.folder = policy.dir, .built_in = built_in}, diagnostics);
  Diagnosis told = Told("policies", diagnostics);
  found.insert(found.end(), told.begin(), told.end());
  if (read)
    found.push_back(
        Ok("policies", std::to_string(read->policies->rules().size()) + " by " + policy.dir));
  return found;
}

}  // namespace surety
