#include "tests/unit/issuance/jwt_support.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>
#include <vector>

namespace surety {
namespace {

std::string PairOfDer(const std::string& der, int size) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string pair(static_cast<std::size_t>(2 * size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(pair.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, size);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + size, size);
  return pair;
}

}  // namespace

PKeyPtr KeyForAlgorithm(std::string_view name, int number) {
  if (name == "ES256") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (name == "ES384") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  if (name == "ES512") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"));
  static std::map<int, PKeyPtr> rsa;
  PKeyPtr& key = rsa[number];
  if (!key) key.reset(EVP_RSA_gen(2048));
  EVP_PKEY_up_ref(key.get());
  return PKeyPtr(key.get());
}

std::string SignJws(std::string_view name, EVP_PKEY& key, std::string_view text) {
  const std::string digest = "SHA" + std::string(name.substr(2));
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  EVP_DigestSignInit_ex(context.get(), &key_context, digest.c_str(), nullptr, nullptr, &key,
                        nullptr);
  if (name.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
  }
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  signature.resize(size);
  if (!name.starts_with("ES")) return signature;
  return PairOfDer(signature, name == "ES256" ? 32 : name == "ES384" ? 48 : 66);
}

}  // namespace surety
