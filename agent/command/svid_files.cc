#include "agent/command/svid_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "agent/command/output_folder.h"

namespace surety {
namespace {

constexpr mode_t kPublic = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
constexpr mode_t kSecret = S_IRUSR | S_IWUSR;

std::string Pem(const std::vector<std::string>& certificates_der) {
  std::string pem;
  for (const std::string& der : certificates_der) pem += CertificatePem(der);
  return pem;
}

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Whether `name` is `prefix`, a number above zero, `suffix`.
bool IsNumbered(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return false;
  if (name.size() <= prefix.size() + suffix.size()) return false;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return name.front() != '0' &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsFederated(std::string_view name) {
  constexpr std::string_view kPrefix = "federated.";
  constexpr std::string_view kSuffix = ".pem";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  if (name.size() <= kPrefix.size() + kSuffix.size()) return false;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  return TrustDomain::Parse(name).has_value();
}

bool IsOurs(std::string_view name) {
  return IsNumbered(name, "svid.", ".pem") || IsNumbered(name, "svid.", ".key") ||
         IsNumbered(name, "bundle.", ".pem") || IsFederated(name);
}

Result<void> StageAll(const CheckedUpdate& update, OutputFolder& folder,
                      std::vector<std::string>& names) {
  const auto stage = [&](const std::string& name, std::span<const std::uint8_t> bytes,
                         mode_t mode) -> Result<void> {
    names.push_back(name);
    return folder.Stage(name, bytes, mode);
  };
  for (std::size_t i = 0; i < update.svids.size(); ++i) {
    const CheckedSvid& svid = update.svids[i];
    const std::string number = i == 0 ? "" : "." + std::to_string(i);
    const SecretBytes key = PrivateKeyPem(svid.key_der);
    if (auto done = stage("svid" + number + ".key", key.Reveal(), kSecret); !done) return done;
    if (auto done = stage("svid" + number + ".pem", BytesOf(Pem(svid.chain_der)), kPublic); !done)
      return done;
    if (auto done = stage("bundle" + number + ".pem", BytesOf(Pem(svid.bundle_der)), kPublic);
        !done)
      return done;
  }
  for (const auto& [trust_domain, authorities] : update.federated) {
    const std::string name = "federated." + trust_domain.name() + ".pem";
    if (auto done = stage(name, BytesOf(Pem(authorities)), kPublic); !done) return done;
  }
  return {};
}

Result<void> StageAllWits(const std::vector<CheckedWit>& wits, OutputFolder& folder,
                          std::vector<std::string>& names) {
  for (std::size_t i = 0; i < wits.size(); ++i) {
    const std::string name = i == 0 ? "wit" : "wit." + std::to_string(i);
    names.push_back(name + ".jwk");
    if (auto done = folder.Stage(names.back(), wits[i].key_jwk.Reveal(), kSecret); !done)
      return done;
    names.push_back(name + ".jwt");
    if (auto done = folder.Stage(names.back(), BytesOf(wits[i].token), kPublic); !done) return done;
  }
  return {};
}

// Puts what is staged in place, and removes what is ours and was withdrawn.
Result<WrittenFiles> Replace(OutputFolder& folder, std::vector<std::string> names,
                             bool (*is_ours)(std::string_view)) {
  WrittenFiles files{.written = std::move(names), .removed = {}};
  const auto before = folder.Names();
  if (!before) return before.error();
  if (const auto committed = folder.Commit(); !committed) return committed.error();

  for (const std::string& name : *before) {
    const bool kept =
        std::find(files.written.begin(), files.written.end(), name) != files.written.end();
    if (kept || !is_ours(name)) continue;
    if (const auto removed = folder.Remove(name); !removed) return removed.error();
    files.removed.push_back(name);
  }
  return files;
}

}  // namespace

Result<WrittenFiles> WriteSvidFiles(const CheckedUpdate& update, const std::string& folder_path) {
  auto folder = OutputFolder::Open(folder_path);
  if (!folder) return folder.error();
  std::vector<std::string> names;
  if (const auto staged = StageAll(update, *folder, names); !staged) return staged.error();
  return Replace(*folder, std::move(names), IsOurs);
}

Result<WrittenFiles> WriteWitFiles(const std::vector<CheckedWit>& wits,
                                   const std::string& folder_path) {
  auto folder = OutputFolder::Open(folder_path);
  if (!folder) return folder.error();
  std::vector<std::string> names;
  if (const auto staged = StageAllWits(wits, *folder, names); !staged) return staged.error();
  return Replace(*folder, std::move(names), [](std::string_view name) {
    return IsNumbered(name, "wit.", ".jwt") || IsNumbered(name, "wit.", ".jwk");
  });
}

}  // namespace surety
