#include "agent/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <ostream>
#include <system_error>

#include "agent/credential.h"
#include "agent/federation/bundle_map_file.h"
#include "agent/identity/entries_folder.h"
#include "agent/identity/key_uri.h"
#include "agent/identity/path_trust.h"
#include "agent/policy/policy_source.h"
#include "agent/sinks/trusted_folder.h"

namespace surety {
namespace {

std::string Counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

/// The file of the CA's key, or that of the PIN that opens it.
std::string KeyFileOf(const CaFiles& files) {
  if (!IsKeyUri(files.key)) return files.key;
  const auto uri = ParseKeyUri(files.key);
  return uri ? uri->pin_source : std::string();
}

/// Whether files of `section` can be read; what is in them is looked at on start. Credentials
/// are there only for what systemd starts. No token is asked: a PIN that it refuses counts.
void CheckFiles(std::string_view section, std::initializer_list<std::string> files,
                Diagnostics& diagnostics) {
  for (const std::string& path : files) {
    if (path.empty() || IsCredential(path) ||
        ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0)
      continue;
    FileDiagnostics here(path, diagnostics);
    here.Error({}, "cannot be read: " + std::generic_category().message(errno),
               "correct " + std::string(section) +
                   " in the configuration, or let the user that suretyd runs as read it");
  }
}

void CheckAllFiles(const Config& config, Diagnostics& diagnostics) {
  if (const auto& ca = config.x509.ca_files)
    CheckFiles("[x509]", {ca->cert, KeyFileOf(*ca), ca->chain}, diagnostics);
  if (const auto& endpoint = config.bundle_endpoint)
    CheckFiles("[bundle_endpoint]", {endpoint->certificate_file, endpoint->key_file}, diagnostics);
  for (const FederationConfig& each : config.federation)
    CheckFiles("[[federation]]", {each.bundle_file, each.ca_file}, diagnostics);
}

/// How many bundles of other trust domains the bundle map has; 0 if it cannot be used.
std::size_t CheckBundleMap(const Config& config, Diagnostics& diagnostics) {
  std::vector<TrustDomain> followed;
  for (const FederationConfig& each : config.federation) followed.push_back(each.trust_domain);
  FileDiagnostics here(config.bundle_map, diagnostics);
  const auto map = ReadBundleMapFile(config.trust_domain, followed, here);
  if (!map) return 0;
  for (const ForeignBundle& bundle : map->bundles)
    for (const std::string& sentence : bundle.ignored)
      here.Warn({}, "the bundle of " + bundle.trust_domain.name() + ": " + sentence,
                "have its operators correct it, if the key is needed");
  return map->bundles.size();
}

/// Whether sinks could write now: one that cannot keeps nobody from starting.
void CheckSinks(const std::vector<SinkSettings>& sinks, Diagnostics& diagnostics) {
  for (const SinkSettings& sink : sinks) {
    const auto folder = OpenTrustedFolder(sink.folder.path);
    if (folder) continue;
    FileDiagnostics here(sink.folder.path, diagnostics);
    here.Warn({}, "the sink " + sink.name + " cannot write there: " + folder.error().Text(),
              "make the folder as docs/sinks.md says, for the user that suretyd runs as");
  }
}

/// How many policies would be in force; 0 if they cannot be used. What is told of them
/// is their own matter: one error there hides none here.
std::size_t CheckPolicies(const PolicyConfig& config, Diagnostics& diagnostics) {
  Diagnostics found;
  const auto built_in = config.beneath ? BuiltIn::kBeneath : BuiltIn::kReplaced;
  const auto read = ReadPolicies({.folder = config.dir, .built_in = built_in}, found);
  for (const Diagnostic& item : found.items()) diagnostics.Add(item);
  return read ? read->policies->rules().size() : 0;
}

/// What was looked at, and how much of it.
struct Counts {
  FolderContents entries = {};
  std::size_t policies = 0;
  std::size_t bundles = 0;
};

Counts CheckFolders(const Config& config, const SelectorsMade& selectors_made,
                    Diagnostics& diagnostics) {
  Counts out;
  CheckAllFiles(config, diagnostics);
  out.entries = ReadEntriesFolder(config.entries_dir, EntryRulesOf(config, selectors_made(config)),
                                  diagnostics, WhoCanReplace);
  CheckSinks(config.sinks, diagnostics);
  if (!config.bundle_map.empty()) out.bundles = CheckBundleMap(config, diagnostics);
  if (!config.policy.dir.empty()) out.policies = CheckPolicies(config.policy, diagnostics);
  return out;
}

void PrintCounts(const Counts& counts, const Config& config, std::ostream& out) {
  out << "; " << Counted(counts.entries.entries.size(), "entry", "entries") << " in "
      << Counted(counts.entries.files, "file", "files") << " of " << config.entries_dir;
  if (!config.policy.dir.empty())
    out << "; " << Counted(counts.policies, "policy", "policies") << " by " << config.policy.dir;
  if (!config.bundle_map.empty())
    out << "; " << Counted(counts.bundles, "bundle", "bundles") << " in " << config.bundle_map;
  if (config.x509.ca_files && IsKeyUri(config.x509.ca_files->key))
    out << "; the CA's key is " << ParseKeyUri(config.x509.ca_files->key)->name << ", not asked";
}

}  // namespace

bool Check(const std::string& config_file, const ConfigOverrides& overrides, bool strict,
           const SelectorsMade& selectors_made, std::ostream& out) {
  Diagnostics diagnostics;
  const auto config = LoadConfig(config_file, overrides, diagnostics);
  Counts counts;
  if (config) counts = CheckFolders(*config, selectors_made, diagnostics);
  Print(diagnostics, out);
  const bool ok = !diagnostics.has_errors() && !(strict && diagnostics.warnings() != 0);
  out << (ok ? "ok: " : "not ok: ") << Counted(diagnostics.errors(), "error", "errors") << ", "
      << Counted(diagnostics.warnings(), "warning", "warnings");
  if (!config)
    out << "; the entries were not looked at, since the configuration cannot be used";
  else if (!diagnostics.has_errors())
    PrintCounts(counts, *config, out);
  out << '\n';
  return ok;
}

}  // namespace surety
