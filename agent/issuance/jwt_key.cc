#include "agent/issuance/jwt_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"

namespace surety {
namespace {

constexpr std::size_t kCoordinateSize = 32;
constexpr std::size_t kPointSize = 2 * kCoordinateSize + 1;

using SignaturePtr = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

// r and s side by side, 32 bytes each (RFC 7518 section 3.4).
Result<std::string> PairOf(std::span<const unsigned char> der) {
  const unsigned char* at = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::array<unsigned char, 2 * kCoordinateSize> pair{};
  constexpr int kSize = static_cast<int>(kCoordinateSize);
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), pair.data(), kSize) != kSize ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), pair.data() + kSize, kSize) != kSize) {
    return OpenSslError(ErrorCode::kInternal, "reading a new signature");
  }
  return std::string(AsText(pair));
}

}  // namespace

Result<std::shared_ptr<const JwtKey>> JwtKey::Load(std::span<const std::uint8_t> pkcs8,
                                                   const TokenProfile& profile) {
  auto key = LoadP256Key(pkcs8);
  if (!key) return key.error();
  std::shared_ptr<JwtKey> out(new JwtKey);
  out->key_ = *std::move(key);
  if (auto described = out->Describe(profile); !described) return described.error();
  out->ready_.reset(EVP_MD_CTX_new());
  if (!out->ready_ || EVP_DigestSignInit_ex(out->ready_.get(), nullptr, "SHA256", nullptr, nullptr,
                                            out->key_.get(), nullptr) != 1) {
    return OpenSslError(ErrorCode::kInternal, "setting up to sign tokens");
  }
  return std::shared_ptr<const JwtKey>(std::move(out));
}

Result<void> JwtKey::Describe(const TokenProfile& profile) {
  std::array<unsigned char, kPointSize> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                      point.size(), &size) != 1 ||
      size != kPointSize) {
    return OpenSslError(ErrorCode::kInternal, "reading a key's public half");
  }
  point_ = AsText(point);
  const std::string x = Base64Url(std::string_view(point_).substr(1, kCoordinateSize));
  const std::string y = Base64Url(std::string_view(point_).substr(1 + kCoordinateSize));
  // The members that RFC 7638 section 3.2 names, in its order.
  const std::string canonical =
      R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + R"("})";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(canonical.data(), canonical.size(), digest.data(), &length, EVP_sha256(),
                 nullptr) != 1) {
    return OpenSslError(ErrorCode::kInternal, "naming a key");
  }
  id_ = Base64Url(AsText(std::span(digest).first(length)));
  jwk_ = R"({"kty":"EC","use":")" + std::string(profile.use) + R"(","kid":")" + id_ +
         R"(","crv":"P-256","x":")" + x + R"(","y":")" + y + R"("})";
  encoded_header_ = Base64Url(R"({"alg":"ES256","kid":")" + id_ + R"(","typ":")" +
                              std::string(profile.type) + R"("})");
  return {};
}

Result<PKeyPtr> JwtKey::PublicKey() const {
  const std::string der = std::string(kP256PublicKeyPrefix) + point_;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  PKeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return OpenSslError(ErrorCode::kInternal, "reading a key's public half");
  return key;
}

Result<std::string> JwtKey::Sign(std::string_view claims) const {
  constexpr std::size_t kLongestSignature = 72;  // ECDSA on P-256 in DER.
  std::string token = encoded_header_ + "." + Base64Url(claims);
  std::array<unsigned char, kLongestSignature> signature{};
  std::size_t length = signature.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!context || EVP_MD_CTX_copy_ex(context.get(), ready_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &length, bytes, token.size()) != 1) {
    return OpenSslError(ErrorCode::kInternal, "signing a token");
  }
  auto pair = PairOf(std::span(signature).first(length));
  if (!pair) return pair.error();
  token += "." + Base64Url(*pair);
  return token;
}

}  // namespace surety
