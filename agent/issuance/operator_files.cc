#include "agent/issuance/operator_files.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/chain_check.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_files.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

Error Refused(const std::string& path, const std::string& why) {
  return {ErrorCode::kInvalidArgument, path + ": " + why};
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

Result<std::shared_ptr<const Signer>> SignerOf(CertificatePtr certificate, const CaPaths& paths,
                                               const Chain& chain) {
  if (paths.open_key) {
    EVP_PKEY* expected = X509_get0_pubkey(certificate.get());
    if (expected == nullptr) return OpenSslError(ErrorCode::kInvalidArgument, "its public key");
    auto outside = paths.open_key(*expected);
    return Signer::Create(std::move(certificate), std::move(outside), chain.intermediates);
  }
  auto key = ReadKeyFile(paths.key, paths.key_is_credential);
  if (!key) return key.error();
  return Signer::Create(std::move(certificate), *std::move(key), chain.intermediates);
}

// Tells nothing of an OutsideKey that does not answer.
Result<std::optional<Error>> Try(const Signer& signer, const std::vector<std::string>& roots,
                                 const TrustDomain& trust_domain, WallTime now) {
  const auto& outside = signer.outside_key();
  auto tried = outside ? outside->Answers() : Result<void>();
  if (tried) tried = TrySvidUnder(signer, roots, trust_domain, now);
  if (tried) return std::optional<Error>();
  if (outside && tried.error().code() != ErrorCode::kInvalidArgument)
    return std::optional(tried.error());
  return tried.error();
}

}  // namespace

Result<OperatorCa> ReadOperatorCa(const CaPaths& paths, const TrustDomain& trust_domain,
                                  WallTime now) {
  auto certificates = ReadCertificateFile(paths.cert);
  if (!certificates) return certificates.error();
  CertificatePtr signing = std::move(certificates->front());
  certificates->erase(certificates->begin());
  if (auto fits = CheckUri(*signing, trust_domain); !fits) return fits.error().Within(paths.cert);

  Chain chain;
  Sort(*certificates, chain);
  if (!paths.chain.empty()) {
    auto above = ReadCertificateFile(paths.chain);
    if (!above) return above.error();
    Sort(*above, chain);
  }
  auto signer = SignerOf(std::move(signing), paths, chain);
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
  auto silent = Try(**signer, chain.roots, trust_domain, now);
  if (!silent) return silent.error().Within(paths.cert);
  return OperatorCa{
      .signer = *std::move(signer), .roots = std::move(chain.roots), .silent = *std::move(silent)};
}

}  // namespace surety
