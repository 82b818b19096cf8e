#include "agent/issuance/certificate_store.h"

#include "agent/issuance/der_writer.h"
#include "agent/issuance/pem_reader.h"

namespace surety {

Result<StorePtr> StoreOf(const std::vector<std::string>& roots) {
  StorePtr store(X509_STORE_new());
  if (!store) return OpenSslError(ErrorCode::kInternal, "making a certificate store");
  for (const std::string& root : roots) {
    auto certificate = ParseCertificate(AsBytes(root));
    if (!certificate) return certificate.error();
    if (X509_STORE_add_cert(store.get(), certificate->get()) != 1) {
      return OpenSslError(ErrorCode::kInternal, "adding a root");
    }
  }
  return store;
}

Result<CertificateStackPtr> StackOf(const std::vector<std::string>& chain) {
  CertificateStackPtr stack(sk_X509_new_null());
  for (const std::string& der : chain) {
    auto certificate = ParseCertificate(AsBytes(der));
    if (!certificate) return certificate.error();
    if (sk_X509_push(stack.get(), certificate->get()) <= 0) {
      return OpenSslError(ErrorCode::kInternal, "adding an intermediate");
    }
    (void)certificate->release();  // The stack owns it from here on.
  }
  return stack;
}

}  // namespace surety
