#include "agent/issuance/operator_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/chain_check.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_reader.h"
#include "surety/secret_bytes.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kLargestCertificateFile = 1'048'576;
constexpr std::size_t kLargestKeyFile = 16'384;
constexpr mode_t kNotWritableByOthers = S_IWGRP | S_IWOTH;
constexpr mode_t kNotForOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOnlyThroughList = S_IWGRP | S_IXGRP | S_IRWXO;
constexpr gid_t kRootsGroup = 0;

Error Refused(const std::string& path, const std::string& why) {
  return {ErrorCode::kInvalidArgument, path + ": " + why};
}

Result<void> CheckFile(const struct stat& found, const std::string& path, mode_t forbidden,
                       std::size_t max_bytes) {
  if (!S_ISREG(found.st_mode)) return Refused(path, "not a regular file");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kPermissionDenied,
                 path + ": belongs to uid " + std::to_string(found.st_uid) +
                     "; it must be root's or the daemon's own (chown)");
  }
  // Nobody is in that group: what may be read is read through the list.
  if (forbidden == kOnlyThroughList && found.st_gid != kRootsGroup) forbidden = kNotForOthers;
  if ((found.st_mode & forbidden) != 0) {
    return Error(ErrorCode::kPermissionDenied,
                 path + ((forbidden & S_IROTH) != 0
                             ? ": holds a private key and is open to other users (chmod 0600)"
                             : ": can be written by other users (chmod 0644)"));
  }
  if (static_cast<std::size_t>(found.st_size) > max_bytes) {
    return Refused(path, "larger than " + std::to_string(max_bytes) + " bytes");
  }
  return {};
}

Result<SecretBytes> ReadWhole(const std::string& path, mode_t forbidden, std::size_t max_bytes) {
  const auto cause = [] { return std::generic_category().message(errno); };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) return Refused(path, "cannot be read: " + cause());
  if (auto fine = CheckFile(found, path, forbidden, max_bytes); !fine) return fine.error();
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(found.st_size));
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  SecretBytes content(std::move(bytes));
  if (got != static_cast<ssize_t>(found.st_size)) return Refused(path, "cannot be read whole");
  return content;
}

Result<std::vector<CertificatePtr>> ReadCertificates(const std::string& path) {
  const auto text = ReadWhole(path, kNotWritableByOthers, kLargestCertificateFile);
  if (!text) return text.error();
  auto certificates = ParseCertificates(text->Reveal());
  if (!certificates) return certificates.error().Within(path);
  return certificates;
}

Result<PKeyPtr> ReadKey(const std::string& path, bool credential) {
  const auto text = ReadWhole(path, credential ? kOnlyThroughList : kNotForOthers, kLargestKeyFile);
  if (!text) return text.error();
  auto key = ParsePrivateKey(text->Reveal());
  if (!key) return key.error().Within(path);
  return key;
}

Result<void> CheckUri(const X509& certificate, const TrustDomain& trust_domain) {
  const auto uris = UriNamesOf(certificate);
  if (uris.empty() || uris == std::vector{trust_domain.IdText()}) return {};
  return Error(ErrorCode::kInvalidArgument, "the certificate is for " + uris.front() +
                                                ", and the trust domain is " +
                                                trust_domain.IdText());
}

// The self-signed ones are trusted; the others stand between them and the signer.
struct Chain {
  std::vector<std::string> roots;
  std::vector<std::string> intermediates;
};

void Sort(std::vector<CertificatePtr>& certificates, Chain& chain) {
  for (const CertificatePtr& certificate : certificates) {
    const bool root = X509_self_signed(certificate.get(), /*verify_signature=*/1) == 1;
    (root ? chain.roots : chain.intermediates).push_back(DerOf(*certificate));
  }
  ERR_clear_error();
}

}  // namespace

Result<OperatorCa> ReadOperatorCa(const CaPaths& paths, const TrustDomain& trust_domain,
                                  WallTime now) {
  auto certificates = ReadCertificates(paths.cert);
  if (!certificates) return certificates.error();
  auto key = ReadKey(paths.key, paths.key_is_credential);
  if (!key) return key.error();
  CertificatePtr signing = std::move(certificates->front());
  certificates->erase(certificates->begin());
  if (auto fits = CheckUri(*signing, trust_domain); !fits) return fits.error().Within(paths.cert);

  Chain chain;
  Sort(*certificates, chain);
  if (!paths.chain.empty()) {
    auto above = ReadCertificates(paths.chain);
    if (!above) return above.error();
    Sort(*above, chain);
  }
  auto signer = Signer::Create(std::move(signing), *std::move(key), chain.intermediates);
  if (!signer) return signer.error().Within(paths.cert + " with " + paths.key);
  if (!(*signer)->ValidAt(now)) {
    return Refused(paths.cert, "valid from " + DateText((*signer)->not_before()) + " to " +
                                   DateText((*signer)->not_after()) + ", and it is " +
                                   DateText(now));
  }
  if ((*signer)->self_signed()) chain.roots.push_back((*signer)->certificate_der());
  if (chain.roots.empty()) {
    return Refused(paths.cert,
                   "an intermediate CA needs its root: name a file with the certificates above "
                   "it as ca_chain");
  }
  std::ranges::sort(chain.roots);
  chain.roots.erase(std::unique(chain.roots.begin(), chain.roots.end()), chain.roots.end());
  if (auto verifies = TrySvidUnder(**signer, chain.roots, trust_domain, now); !verifies) {
    return verifies.error().Within(paths.cert);
  }
  return OperatorCa{.signer = *std::move(signer), .roots = std::move(chain.roots)};
}

}  // namespace surety
