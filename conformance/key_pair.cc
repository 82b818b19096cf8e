#include "conformance/key_pair.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

#include "conformance/base64url.h"
#include "conformance/token.h"

namespace conformance {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestScalar = 66;  // Of P-521.

using Scalar = Owned<BIGNUM, BN_clear_free>;

bool IsPair(const std::string& curve, const std::string& point, const std::string& scalar) {
  const Scalar number(BN_bin2bn(reinterpret_cast<const unsigned char*>(scalar.data()),
                                static_cast<int>(scalar.size()), nullptr));
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
    return false;
  const Key key(made);
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> check(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  return check && EVP_PKEY_pairwise_check(check.get()) == 1;
}

}  // namespace

bool IsPrivateHalfOf(const json& private_jwk, const json& public_jwk) {
  const auto same = [&](const char* name) {
    return !TextAt(private_jwk, name).empty() &&
           TextAt(private_jwk, name) == TextAt(public_jwk, name);
  };
  const auto scalar = DecodeBase64Url(TextAt(private_jwk, "d"));
  if (!same("kty") || !scalar || scalar->empty()) return false;
  if (TextAt(public_jwk, "kty") == "RSA") return same("n") && same("e");
  const auto x = DecodeBase64Url(TextAt(public_jwk, "x"));
  const auto y = DecodeBase64Url(TextAt(public_jwk, "y"));
  if (!x || !y || x->size() != y->size() || scalar->size() > kLongestScalar || !same("crv"))
    return false;
  return IsPair(TextAt(public_jwk, "crv"), "\x04" + *x + *y, *scalar);
}

}  // namespace conformance
