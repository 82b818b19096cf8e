// The CA: the operator's files, or what the embedded one has in its folder.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <span>
#include <sstream>

#include "agent/command/time_text.h"
#include "agent/credential.h"
#include "agent/doctor/checks.h"
#include "agent/identity/key_uri.h"
#include "agent/issuance/manifest.h"
#include "agent/issuance/operator_files.h"
#include "agent/issuance/root_authority.h"

namespace surety {
namespace {

constexpr Seconds kSoon{7 * 86'400};
constexpr const char* kRestore =
    "restore state_dir from a backup; without one, move the folder away: a new CA is made, and "
    "every trust bundle changes";

Finding Judged(const std::string& name, WallTime end, WallTime now) {
  const std::string until =
      name + " is valid until " + Rfc3339(end) + " (" + RelativeText(end, now) + ")";
  if (end - now >= kSoon) return Ok("authority", until);
  return Warning("authority", until,
                 "put the next certificate in place, and systemctl reload suretyd");
}

// Credentials and tokens are there for the service alone: the daemon says what it has. Whether
// a token answers is among what it calls degraded.
Diagnosis LookAtServedCa(const std::string& source, const std::string& name,
                         const Installation& all) {
  if (!all.daemon)
    return {Warning("authority", name + " is asked by the service alone, which does not run",
                    "start it, and run surety doctor again")};
  for (const AuthorityStatus& one : all.daemon->authorities)
    if (one.source == source && one.phase == "active" && one.not_after)
      return {Judged(name, *one.not_after, all.now.wall)};
  return {Broken("authority", "the daemon has no CA that signs", "see its journal")};
}

Diagnosis LookAtOperatorCa(const CaFiles& files, const Installation& all) {
  if (IsKeyUri(files.key)) {
    const auto uri = ParseKeyUri(files.key);
    if (!uri) return {Broken("authority", uri.error().Text(), "correct ca_key")};
    return LookAtServedCa(uri->name, "the CA whose key is " + uri->name, all);
  }
  if (IsCredential(files.cert) || IsCredential(files.key) || IsCredential(files.chain))
    return LookAtServedCa("files", "the CA that systemd gives to the service", all);
  const auto ca = ReadOperatorCa({.cert = files.cert, .key = files.key, .chain = files.chain},
                                 all.config->trust_domain, all.now.wall);
  if (!ca)
    return {Broken(
        "authority", ca.error().Text(),
        "put a valid CA in place and reload the daemon; if its dates are right, set the clock")};
  return {Judged(files.cert, ca->signer->not_after(), all.now.wall)};
}

std::optional<std::string> ReadWholeFile(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  std::string text(most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.gcount() <= 0 || static_cast<std::size_t>(file.gcount()) > most) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// What the file of one authority says is wrong with it now, if anything.
Diagnosis LookAtRoot(const std::string& path, const Installation& all, bool signs) {
  const auto text = ReadWholeFile(path, kLargestRootFile);
  if (!text) return {Broken("authority", path + " cannot be read", kRestore)};
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
  const auto root = ParseRoot(bytes, all.config->trust_domain);
  if (!root) return {Broken("authority", path + ": " + root.error().Text(), kRestore)};
  const WallTime now = all.now.wall;
  if ((*root)->not_before() > now)
    return {Broken(
        "authority",
        path + " is not valid before " + Rfc3339((*root)->not_before()) + ": the clock is behind",
        "set the clock: its SVIDs, and those of a new CA, are good for nothing elsewhere")};
  if (!signs) return {};
  const std::string until = "the embedded CA signs until " + Rfc3339((*root)->not_after()) + " (" +
                            RelativeText((*root)->not_after(), now) + ")";
  if ((*root)->ValidAt(now)) return {Ok("authority", until)};
  if (all.daemon)
    return {Broken("authority", until + ", which is over",
                   "systemctl restart suretyd, and see its journal")};
  return {Warning("authority", until + ", which is over: the daemon was not run meanwhile",
                  "the next start makes a new one; then give its bundle to those who keep a copy")};
}

Diagnosis LookAtEmbedded(const Installation& all) {
  const std::string folder = all.config->state_dir + "/authority";
  const std::string path = folder + "/manifest.json";
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
    return {Warning("authority", "there is no CA in " + folder + " yet",
                    "the daemon makes it at its first start")};
  const auto text = ReadWholeFile(path, kLargestManifest);
  if (!text)
    return {Broken("authority", path + " cannot be read",
                   "run this as root; " + std::string(kRestore))};
  const auto manifest = ParseManifest(*text);
  if (!manifest) return {Broken("authority", path + ": " + manifest.error().Text(), kRestore)};
  if (manifest->trust_domain != all.config->trust_domain.name())
    return {Broken("authority",
                   folder + " belongs to the trust domain " + manifest->trust_domain +
                       ", and the configuration names " + all.config->trust_domain.name(),
                   "name the former as trust_domain, or another state_dir")};
  Diagnosis found;
  for (const Manifest::Item& one : manifest->authorities)
    for (Finding& finding :
         LookAtRoot(folder + "/" + one.serial + ".pem", all, one.phase == Phase::kActive))
      found.push_back(std::move(finding));
  return found;
}

}  // namespace

Diagnosis LookAtAuthority(const Installation& all) {
  const auto& files = all.config->x509.ca_files;
  return files ? LookAtOperatorCa(*files, all) : LookAtEmbedded(all);
}

}  // namespace surety
