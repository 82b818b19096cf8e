#include "agent/issuance/pkcs12.h"

#include <openssl/pkcs12.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "agent/issuance/openssl_handles.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;

std::span<const std::uint8_t> CertificateBytes(const std::string& der) {
  return {reinterpret_cast<const std::uint8_t*>(der.data()), der.size()};
}

Result<CertificateStackPtr> StackOf(std::span<const std::string> certificates_der) {
  CertificateStackPtr stack(sk_X509_new_null());
  for (const std::string& der : certificates_der) {
    auto certificate = ParseCertificate(CertificateBytes(der));
    if (!certificate) return certificate.error();
    if (sk_X509_push(stack.get(), certificate->get()) <= 0)
      return OpenSslError(ErrorCode::kInternal, "keeping a certificate");
    static_cast<void>(certificate->release());
  }
  return stack;
}

}  // namespace

Result<SecretBytes> MakePkcs12(const SecretBytes& key_der,
                               const std::vector<std::string>& chain_der, const std::string& name,
                               const std::string& password) {
  if (chain_der.empty()) return Error(ErrorCode::kInvalidArgument, "there is no certificate");
  const auto key_bytes = key_der.Reveal();
  const unsigned char* at = key_bytes.data();
  const PKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(key_bytes.size())));
  if (!key) return OpenSslError(ErrorCode::kInvalidArgument, "reading the key");
  const auto leaf = ParseCertificate(CertificateBytes(chain_der.front()));
  if (!leaf) return leaf.error();
  const auto above = StackOf(std::span(chain_der).subspan(1));
  if (!above) return above.error();
  const Pkcs12Ptr made(PKCS12_create(password.c_str(), name.c_str(), key.get(), leaf->get(),
                                     above->get(), 0, 0, 0, 0, 0));
  if (!made) return OpenSslError(ErrorCode::kInvalidArgument, "making PKCS#12");
  const int size = i2d_PKCS12(made.get(), nullptr);
  if (size <= 0) return OpenSslError(ErrorCode::kInternal, "writing PKCS#12");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  unsigned char* out = bytes.data();
  if (i2d_PKCS12(made.get(), &out) != size)
    return OpenSslError(ErrorCode::kInternal, "writing PKCS#12");
  return SecretBytes(std::move(bytes));
}

}  // namespace surety
