#include "agent/issuance/server_files.h"

#include <utility>
#include <vector>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/pem_files.h"

namespace surety {
namespace {

Result<SecretBytes> DerOfKey(const EVP_PKEY& key) {
  const int size = i2d_PrivateKey(&key, nullptr);
  if (size <= 0) return OpenSslError(ErrorCode::kInternal, "writing a key");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  unsigned char* end = bytes.data();
  const int written = i2d_PrivateKey(&key, &end);
  SecretBytes der(std::move(bytes));
  if (written != size) return OpenSslError(ErrorCode::kInternal, "writing a key");
  return der;
}

}  // namespace

Result<ServerFiles> ReadServerFiles(const ServerPaths& paths) {
  const auto certificates = ReadCertificateFile(paths.certificate);
  if (!certificates) return certificates.error();
  const auto key = ReadKeyFile(paths.key, paths.key_is_credential);
  if (!key) return key.error();
  const X509& own = *certificates->front();
  if (X509_check_private_key(&own, key->get()) != 1)
    return OpenSslError(
        ErrorCode::kInvalidArgument,
        paths.key + " is not the key of the first certificate in " + paths.certificate);
  const auto not_after = TimeOf(X509_get0_notAfter(&own));
  if (!not_after)
    return Error(ErrorCode::kInvalidArgument, paths.certificate + ": its end is no time");
  ServerFiles out{.identity = {}, .not_after = *not_after};
  for (const CertificatePtr& certificate : *certificates)
    out.identity.chain_der.push_back(DerOf(*certificate));
  auto der = DerOfKey(**key);
  if (!der) return der.error().Within(paths.key);
  out.identity.key_der = *std::move(der);
  return out;
}

}  // namespace surety
