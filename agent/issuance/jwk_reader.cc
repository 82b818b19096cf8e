#include "agent/issuance/jwk_reader.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "agent/issuance/base64url.h"

namespace surety {
namespace {

using Jwk = nlohmann::json;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using BigNumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

struct Curve {
  std::string_view name;  // As RFC 7518 section 6.2.1.1 has it.
  const char* group;      // As OpenSSL does.
  std::size_t bytes;
};
constexpr std::array kCurves = {Curve{"P-256", "prime256v1", 32}, Curve{"P-384", "secp384r1", 48},
                                Curve{"P-521", "secp521r1", 66}};
constexpr int kLeastBits = 2'048;
constexpr int kMostBits = 8'192;
constexpr std::size_t kMostExponentBytes = 8;  // A larger one makes verifying slow.

Error Unfit(const std::string& why) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, why};
}

std::string TextOf(const Jwk& jwk, const char* name) {
  const auto at = jwk.find(name);
  return at != jwk.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::string> BytesOf(const Jwk& jwk, const char* name) {
  auto bytes = DecodeBase64Url(TextOf(jwk, name));
  if (!bytes || bytes->empty()) return std::nullopt;
  return bytes;
}

BigNumberPtr NumberOf(const std::string& bytes) {
  return BigNumberPtr(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()), nullptr));
}

Result<PKeyPtr> Made(const char* kind, OSSL_PARAM_BLD& builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(&builder));
  const PKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return Unfit("its numbers are no key");
  return PKeyPtr(made);
}

Result<PKeyPtr> CurveKey(const Jwk& jwk) {
  const auto* const curve = std::ranges::find(kCurves, TextOf(jwk, "crv"), &Curve::name);
  if (curve == kCurves.end()) return Unfit("its crv is none of P-256, P-384 and P-521");
  const auto x = BytesOf(jwk, "x");
  const auto y = BytesOf(jwk, "y");
  if (!x || !y || x->size() != curve->bytes || y->size() != curve->bytes)
    return Unfit("x or y is missing or not of the curve's size in base64url");
  const std::string point = "\x04" + *x + *y;
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return Unfit("its numbers are no key");
  // Reads no point that is not on the curve (EC_POINT_oct2point(3)).
  return Made("EC", *builder);
}

// The library's own check would look for primes at random: it takes long for a long modulus,
// and may say of one and the same key now this and now that.
Result<PKeyPtr> RsaKey(const Jwk& jwk) {
  const auto modulus = BytesOf(jwk, "n");
  const auto exponent = BytesOf(jwk, "e");
  if (!modulus || !exponent) return Unfit("n or e is missing or not base64url");
  if (exponent->size() > kMostExponentBytes) return Unfit("e is too large");
  const BigNumberPtr n = NumberOf(*modulus);
  const BigNumberPtr e = NumberOf(*exponent);
  if (!n || !e || BN_num_bits(n.get()) < kLeastBits || BN_num_bits(n.get()) > kMostBits)
    return Unfit("n does not have 2048 to 8192 bits");
  if (BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1)
    return Unfit("n or e is even, or e is 1");
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return Unfit("its numbers are no key");
  return Made("RSA", *builder);
}

}  // namespace

Result<PKeyPtr> KeyOfJwk(const Jwk& jwk) {
  const std::string kind = TextOf(jwk, "kty");
  if (kind == "EC") return CurveKey(jwk);
  if (kind == "RSA") return RsaKey(jwk);
  return Unfit("its kty is neither EC nor RSA");
}

}  // namespace surety
