#include "agent/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>
#include <system_error>

#include "agent/identity/entries_folder.h"

namespace surety {
namespace {

std::string Counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

/// Whether the CA's files can be read; what is in them is looked at on start.
void CheckCaFiles(const CaFiles& files, Diagnostics& diagnostics) {
  for (const std::string& path : {files.cert, files.key, files.chain}) {
    if (path.empty() || ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) continue;
    FileDiagnostics here(path, diagnostics);
    here.Error({}, "cannot be read: " + std::generic_category().message(errno),
               "correct [x509] in the configuration, or let the user that suretyd runs as read it");
  }
}

}  // namespace

bool Check(const std::string& config_file, const ConfigOverrides& overrides,
           const std::function<std::vector<std::string>(const Config&)>& known_selectors,
           std::ostream& out) {
  Diagnostics diagnostics;
  const auto config = LoadConfig(config_file, overrides, diagnostics);
  FolderContents entries;
  if (config) {
    if (config->x509.ca_files) CheckCaFiles(*config->x509.ca_files, diagnostics);
    entries = ReadEntriesFolder(config->entries_dir,
                                EntryRulesOf(*config, known_selectors(*config)), diagnostics);
  }
  Print(diagnostics, out);
  out << (diagnostics.has_errors() ? "not ok: " : "ok: ")
      << Counted(diagnostics.errors(), "error", "errors") << ", "
      << Counted(diagnostics.warnings(), "warning", "warnings");
  if (!config) {
    out << "; the entries were not looked at, since the configuration cannot be used\n";
    return false;
  }
  if (!diagnostics.has_errors())
    out << "; " << Counted(entries.entries.size(), "entry", "entries") << " in "
        << Counted(entries.files, "file", "files") << " of " << config->entries_dir;
  out << '\n';
  return !diagnostics.has_errors();
}

}  // namespace surety
