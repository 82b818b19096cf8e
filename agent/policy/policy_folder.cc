#include "agent/policy/policy_folder.h"

#include <utility>

#include "agent/identity/toml_reader.h"
#include "agent/identity/trusted_file.h"
#include "agent/policy/text_limits.h"

namespace surety {
namespace {

constexpr std::size_t kMaxFiles = 2 * kMaxPolicyFiles;
constexpr std::size_t kMaxRevisionBytes = 4096;

std::optional<std::int64_t> ReadRevision(const std::string& path, Diagnostics& diagnostics) {
  FileDiagnostics errors(path, diagnostics);
  const auto text = ReadTrustedFile(kMaxRevisionBytes, errors);
  if (!text) return std::nullopt;
  const auto table = ParseToml(*text, errors);
  if (!table) return std::nullopt;
  TomlTable keys(*table, "", errors);
  const auto revision = keys.Integer("revision", "7");
  keys.RefuseUnknownKeys();
  if (!revision) {
    if (!keys.Has("revision"))
      errors.Error({}, "has no revision", "write revision = 7, one more with each change");
    return std::nullopt;
  }
  if (revision->value < 0) {
    errors.Error(revision->at, "the revision is below 0", "count up from 1");
    return std::nullopt;
  }
  return revision->value;
}

void ReadText(const std::string& path, PolicyFolder& out, Diagnostics& diagnostics) {
  FileDiagnostics errors(path, diagnostics);
  auto text = ReadTrustedFile(kMaxPolicyFileBytes, errors);
  if (text && KeepsTextLimits(*text, errors)) out.texts.push_back({path, *std::move(text)});
}

/// "rules.ceder", "rules.cedar.off", "rules": what someone may think is in force.
bool LooksLikePolicy(std::string_view name) {
  for (const std::string_view other : {".md", ".txt", ".toml", ".json", ".cedarschema", "~"})
    if (name.ends_with(other)) return false;
  return name.find(".ced") != std::string_view::npos ||
         name.find(".polic") != std::string_view::npos;
}

}  // namespace

PolicyFolder ReadPolicyFolder(const std::string& folder, Diagnostics& diagnostics) {
  PolicyFolder out;
  FileDiagnostics of_folder(folder, diagnostics);
  const auto names = ListTrustedFolder(kMaxFiles, "", of_folder);
  if (!names) return out;
  std::size_t files = 0;
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (name == kRevisionFile) {
      out.revision = ReadRevision(path, diagnostics);
    } else if (name.ends_with(".cedar")) {
      if (++files <= kMaxPolicyFiles) ReadText(path, out, diagnostics);
    } else if (LooksLikePolicy(name)) {
      FileDiagnostics(path, diagnostics)
          .Warn({}, "is not read", "let its name end in .cedar, or move it elsewhere");
    }
  }
  if (files > kMaxPolicyFiles)
    of_folder.Error({}, "holds more than " + std::to_string(kMaxPolicyFiles) + " files of policies",
                    "put what belongs together into one file");
  return out;
}

}  // namespace surety
