#include "conformance/token.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "conformance/base64url.h"

namespace conformance {
namespace {

using nlohmann::json;

constexpr std::array kAlgorithms = {"RS256", "RS384", "RS512", "ES256", "ES384",
                                    "ES512", "PS256", "PS384", "PS512"};

struct Curve {
  const char* name;
  const char* algorithm;
  const char* group;
  std::size_t bytes;
};
constexpr std::array kCurves = {Curve{"P-256", "ES256", "P-256", 32},
                                Curve{"P-384", "ES384", "P-384", 48},
                                Curve{"P-521", "ES512", "P-521", 66}};

using Number = Owned<BIGNUM, BN_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;

const unsigned char* BytesAt(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<json> ReadObject(std::string_view encoded) {
  const auto text = DecodeBase64Url(encoded);
  if (!text) return std::nullopt;
  json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return object;
}

Key KeyFrom(const char* kind, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return Key(key);
}

Key EcKeyOf(const json& jwk) {
  const auto name = TextAt(jwk, "crv");
  const auto curve = std::ranges::find(kCurves, name, &Curve::name);
  const auto x = DecodeBase64Url(TextAt(jwk, "x"));
  const auto y = DecodeBase64Url(TextAt(jwk, "y"));
  if (curve == kCurves.end() || !x || !y || x->size() != curve->bytes || y->size() != curve->bytes)
    return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return KeyFrom("EC", builder.get());
}

Key RsaKeyOf(const json& jwk) {
  const auto n = DecodeBase64Url(TextAt(jwk, "n"));
  const auto e = DecodeBase64Url(TextAt(jwk, "e"));
  // OpenSSL itself takes no larger ones in signatures.
  if (!n || !e || n->empty() || e->empty() || n->size() > 2048 || e->size() > 8) return nullptr;
  const Number modulus(BN_bin2bn(BytesAt(*n), static_cast<int>(n->size()), nullptr));
  const Number exponent(BN_bin2bn(BytesAt(*e), static_cast<int>(e->size()), nullptr));
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return KeyFrom("RSA", builder.get());
}

// The two numbers side by side, as RFC 7518 section 3.4 has them, into OpenSSL's DER.
std::string EcSignature(const std::string& numbers, std::size_t bytes) {
  if (numbers.size() != 2 * bytes) return {};
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  const auto half = static_cast<int>(bytes);
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(BytesAt(numbers), half, nullptr),
                 BN_bin2bn(BytesAt(numbers) + bytes, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return out;
}

bool VerifiesAs(const std::string& algorithm, const Token& token, const std::string& signature,
                EVP_PKEY* key) {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;  // Belongs to the context.
  const std::string digest = "SHA" + algorithm.substr(2);
  if (EVP_DigestVerifyInit_ex(context.get(), &details, digest.c_str(), nullptr, nullptr, key,
                              nullptr) != 1)
    return false;
  if (algorithm.starts_with("PS") &&
      (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(context.get(), BytesAt(signature), signature.size(),
                          BytesAt(token.signed_text), token.signed_text.size()) == 1;
}

}  // namespace

std::optional<Token> ReadToken(std::string_view text) {
  const auto first = text.find('.');
  const auto second = text.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  auto header = ReadObject(text.substr(0, first));
  auto claims = ReadObject(text.substr(first + 1, second - first - 1));
  auto signature = DecodeBase64Url(text.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return Token{.header = std::move(*header),
               .claims = std::move(*claims),
               .signed_text = std::string(text.substr(0, second)),
               .signature = std::move(*signature)};
}

std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsAllowedAlgorithm(const std::string& name) {
  return std::ranges::find(kAlgorithms, name) != kAlgorithms.end();
}

std::optional<std::vector<json>> ReadJwkSet(const std::string& text) {
  const json set = json::parse(text, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) return std::nullopt;
  std::vector<json> keys = set["keys"];
  if (!std::ranges::all_of(keys, [](const json& key) { return key.is_object(); }))
    return std::nullopt;
  return keys;
}

Key PublicKeyOf(const json& jwk) {
  const auto kind = TextAt(jwk, "kty");
  if (kind == "EC") return EcKeyOf(jwk);
  if (kind == "RSA") return RsaKeyOf(jwk);
  return nullptr;
}

bool IsSignedBy(const Token& token, EVP_PKEY* key) {
  const auto algorithm = TextAt(token.header, "alg");
  if (!IsAllowedAlgorithm(algorithm)) return false;
  const bool elliptic = algorithm.starts_with("ES");
  if (EVP_PKEY_is_a(key, elliptic ? "EC" : "RSA") != 1) return false;
  if (!elliptic) return VerifiesAs(algorithm, token, token.signature, key);
  const auto* curve = std::ranges::find(kCurves, algorithm, &Curve::algorithm);
  return VerifiesAs(algorithm, token, EcSignature(token.signature, curve->bytes), key);
}

}  // namespace conformance
