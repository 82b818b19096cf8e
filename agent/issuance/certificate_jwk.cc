#include "agent/issuance/certificate_jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "agent/issuance/base64url.h"
#include "agent/issuance/openssl_handles.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

struct JwkCurve {
  const char* group;  // As OpenSSL names it.
  const char* name;   // As RFC 7518 section 6.2.1.1 does.
  int bytes;
};
constexpr std::array kJwkCurves = {JwkCurve{"prime256v1", "P-256", 32},
                                   JwkCurve{"secp384r1", "P-384", 48},
                                   JwkCurve{"secp521r1", "P-521", 66}};

std::string Encoded(const std::vector<unsigned char>& bytes) {
  return Base64Url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A number of the key's, in `size` bytes; zero: in as many as it needs. Empty on failure.
std::string NumberOf(const EVP_PKEY& key, const char* name, int size = 0) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(&key, name, &read) != 1) return {};
  const NumberPtr number(read);
  std::vector<unsigned char> bytes(
      static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(number.get())));
  const int width = static_cast<int>(bytes.size());
  return BN_bn2binpad(number.get(), bytes.data(), width) == width ? Encoded(bytes) : "";
}

Json EcParameters(const EVP_PKEY& key) {
  std::array<char, 64> group{};
  if (EVP_PKEY_get_utf8_string_param(&key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                     nullptr) != 1)
    return {};
  const auto* curve = std::ranges::find_if(
      kJwkCurves, [&](const JwkCurve& one) { return one.group == std::string_view(group.data()); });
  if (curve == kJwkCurves.end()) return {};
  return {{"kty", "EC"},
          {"crv", curve->name},
          {"x", NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_X, curve->bytes)},
          {"y", NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->bytes)}};
}

Json Ed25519Parameters(const EVP_PKEY& key) {
  std::vector<unsigned char> bytes(32);
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(&key, bytes.data(), &size) != 1) return {};
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", Encoded(bytes)}};
}

Json KeyParameters(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "EC") == 1) return EcParameters(key);
  if (EVP_PKEY_is_a(&key, "ED25519") == 1) return Ed25519Parameters(key);
  if (EVP_PKEY_is_a(&key, "RSA") != 1) return {};
  return {{"kty", "RSA"},
          {"n", NumberOf(key, OSSL_PKEY_PARAM_RSA_N)},
          {"e", NumberOf(key, OSSL_PKEY_PARAM_RSA_E)}};
}

bool IsMissing(const Json& value) { return value.get_ref<const std::string&>().empty(); }

// RFC 7517 section 4.7: x5c is base64 with padding, not base64url.
std::string Base64(const std::string& der) {
  std::string text(4 * ((der.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(der.data()),
                                   static_cast<int>(der.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

Result<Json> JwkOfCertificate(const X509& certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (key == nullptr) return OpenSslError(ErrorCode::kInvalidArgument, "reading a CA's key");
  Json jwk = KeyParameters(*key);
  if (jwk.empty() || std::ranges::any_of(jwk, IsMissing)) {
    return Error(ErrorCode::kInvalidArgument,
                 "a CA certificate has a key that a SPIFFE bundle cannot name: use RSA, P-256, "
                 "P-384, P-521 or Ed25519");
  }
  jwk["use"] = "x509-svid";
  jwk["x5c"] = Json::array({Base64(DerOf(certificate))});
  return jwk;
}

}  // namespace surety
