#include "agent/issuance/server_svid_check.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "agent/issuance/certificate_store.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

Error NotBelieved(const std::string& why) {
  ERR_clear_error();
  return {ErrorCode::kPermissionDenied, why};
}

// X509-SVID.md section 4: a leaf signs no certificates, and signs.
Result<void> CheckLeaf(X509& leaf, const SpiffeId& id) {
  if ((X509_get_extension_flags(&leaf) & EXFLAG_CA) != 0)
    return NotBelieved("the server's certificate is a CA's");
  const std::uint32_t usage = X509_get_key_usage(&leaf);
  if (usage == UINT32_MAX || (usage & KU_DIGITAL_SIGNATURE) == 0 ||
      (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
    return NotBelieved("the server's certificate has not the key usage of an X509-SVID");
  const auto names = UriNamesOf(leaf);
  if (names.size() != 1)
    return NotBelieved("the server's certificate has " + std::to_string(names.size()) +
                       " URIs, and an X509-SVID has one");
  const auto own = SpiffeId::Parse(names.front());
  if (!own) return NotBelieved("the server's certificate has a URI that is no SPIFFE ID");
  if (*own != id)
    return NotBelieved("the server is " + own->Text() + " and should be " + id.Text());
  return {};
}

}  // namespace

Result<void> CheckServerSvid(const std::vector<std::string>& chain, const SpiffeId& id,
                             const std::vector<std::string>& authorities, WallTime now) {
  if (chain.empty()) return NotBelieved("the server shows no certificate");
  const auto leaf = ParseCertificate(AsBytes(chain.front()));
  if (!leaf) return NotBelieved("the server's certificate cannot be read");
  if (auto fine = CheckLeaf(**leaf, id); !fine) return fine;
  const auto above = StackOf({chain.begin() + 1, chain.end()});
  if (!above) return NotBelieved("a certificate of the server's chain cannot be read");
  const auto store = StoreOf(authorities);
  if (!store) return store.error();
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store->get(), leaf->get(), above->get()) != 1)
    return OpenSslError(ErrorCode::kInternal, "setting up to verify");
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::floor<Seconds>(now).time_since_epoch().count());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  // Whatever the bundle holds is trusted, self-signed or not.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(context.get()) == 1) return {};
  return NotBelieved("the server's certificate does not verify under the bundle of " +
                     id.trust_domain().name() + ": " +
                     X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

}  // namespace surety
