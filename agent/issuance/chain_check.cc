#include "agent/issuance/chain_check.h"

#include <openssl/x509v3.h>

#include <utility>

#include "agent/issuance/certificate_store.h"
#include "agent/issuance/certificate_template.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

Result<CertificatePtr> SignTrial(const Signer& signer, const TrustDomain& trust_domain,
                                 WallTime now) {
  auto serial = RandomSerial();
  if (!serial) return serial.error();
  auto key = GenerateP256Key();
  if (!key) return key.error();
  const std::string id = trust_domain.IdText() + "/trial";
  auto certificate = signer.Sign(LeafToBeSigned({.serial = *serial,
                                                 .algorithm = signer.algorithm(),
                                                 .issuer = signer.subject(),
                                                 .issuer_key_id = signer.key_id(),
                                                 .not_before = now,
                                                 .not_after = signer.not_after(),
                                                 .public_point = key->public_point,
                                                 .spiffe_id = id,
                                                 .dns_names = {}}));
  if (!certificate) return certificate.error();
  return ParseCertificate(AsBytes(*certificate));
}

}  // namespace

Result<void> TrySvidUnder(const Signer& signer, const std::vector<std::string>& roots,
                          const TrustDomain& trust_domain, WallTime now) {
  auto trial = SignTrial(signer, trust_domain, now);
  if (!trial) return trial.error();
  auto store = StoreOf(roots);
  if (!store) return store.error();
  auto chain = StackOf(signer.chain());
  if (!chain) return chain.error();

  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!context ||
      X509_STORE_CTX_init(context.get(), store->get(), trial->get(), chain->get()) != 1) {
    return OpenSslError(ErrorCode::kInternal, "setting up to verify");
  }
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::floor<Seconds>(now).time_since_epoch().count());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(context.get()) == 1) return {};
  const int code = X509_STORE_CTX_get_error(context.get());
  const int depth = X509_STORE_CTX_get_error_depth(context.get());
  return Error(ErrorCode::kInvalidArgument,
               std::string("peers would refuse every SVID of this CA: ") +
                   X509_verify_cert_error_string(code) + " (" + std::to_string(depth) +
                   " above the SVID)");
}

}  // namespace surety
