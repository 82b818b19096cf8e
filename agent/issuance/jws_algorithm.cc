#include "agent/issuance/jws_algorithm.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace surety {
namespace {

using Family = JwsAlgorithm::Family;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;

constexpr std::array<JwsAlgorithm, 9> kAlgorithms{{
    {"ES256", Family::kEcdsa, "SHA256", "prime256v1", 32},
    {"ES384", Family::kEcdsa, "SHA384", "secp384r1", 48},
    {"ES512", Family::kEcdsa, "SHA512", "secp521r1", 66},
    {"RS256", Family::kRsa, "SHA256", nullptr, 0},
    {"RS384", Family::kRsa, "SHA384", nullptr, 0},
    {"RS512", Family::kRsa, "SHA512", nullptr, 0},
    {"PS256", Family::kRsaPss, "SHA256", nullptr, 0},
    {"PS384", Family::kRsaPss, "SHA384", nullptr, 0},
    {"PS512", Family::kRsaPss, "SHA512", nullptr, 0},
}};

using SignaturePtr = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

Error Refused(const char* why) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, why};
}

bool Fits(const JwsAlgorithm& algorithm, EVP_PKEY& key) {
  if (algorithm.family != Family::kEcdsa) {
    const int bits = EVP_PKEY_get_bits(&key);
    return EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA && bits >= kLeastRsaBits &&
           bits <= kMostRsaBits;
  }
  std::array<char, 64> group{};
  return EVP_PKEY_get_base_id(&key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(&key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == algorithm.group;
}

// r and s side by side (RFC 7518 section 3.4) as the DER that OpenSSL reads.
std::optional<std::string> DerOfPair(std::string_view pair) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(pair.data());
  const auto half = static_cast<int>(pair.size() / 2);
  const SignaturePtr signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes, half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes + half, half, nullptr);
  if (!signature || r == nullptr || s == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &encoded);
  if (size <= 0) return std::nullopt;
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
      encoded, [](unsigned char* buffer) { OPENSSL_free(buffer); });
  return std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
}

bool Pad(const JwsAlgorithm& algorithm, EVP_PKEY_CTX* context) {
  if (algorithm.family == Family::kEcdsa) return true;
  if (algorithm.family == Family::kRsa)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

const JwsAlgorithm* FindJwsAlgorithm(std::string_view name) {
  const auto* const at = std::ranges::find(kAlgorithms, name, &JwsAlgorithm::name);
  return at == kAlgorithms.end() ? nullptr : at;
}

Result<void> VerifyJws(const JwsAlgorithm& algorithm, EVP_PKEY& key, std::string_view signed_text,
                       std::string_view signature) {
  if (!Fits(algorithm, key)) return Refused("the key is not of the kind that the algorithm needs");
  std::string encoded(signature);
  if (algorithm.family == Family::kEcdsa) {
    if (signature.size() != 2 * algorithm.coordinate_size)
      return Refused("the signature is not of the algorithm's size");
    const auto der = DerOfPair(signature);
    if (!der) return Refused("the signature cannot be read");
    encoded = *der;
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (!context ||
      EVP_DigestVerifyInit_ex(context.get(), &key_context, algorithm.digest, nullptr, nullptr, &key,
                              nullptr) != 1 ||
      !Pad(algorithm, key_context)) {
    return OpenSslError(ErrorCode::kInternal, "setting up to verify");
  }
  const auto* sig = reinterpret_cast<const unsigned char*>(encoded.data());
  const auto* text = reinterpret_cast<const unsigned char*>(signed_text.data());
  if (EVP_DigestVerify(context.get(), sig, encoded.size(), text, signed_text.size()) != 1)
    return Refused("the signature is wrong");
  return {};
}

}  // namespace surety
