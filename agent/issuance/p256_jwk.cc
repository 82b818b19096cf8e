#include "agent/issuance/p256_jwk.h"

#include <string.h>

#include <string_view>

#include "agent/issuance/base64url.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr std::size_t kCoordinateSize = 32;
// More than a private JWK is long, so that it is never copied to a larger place.
constexpr std::size_t kRoomForJwk = 512;

void Wipe(std::string& secret) { ::explicit_bzero(secret.data(), secret.size()); }

}  // namespace

P256Jwks JwksOf(const P256Key& key) {
  const std::string_view point(key.public_point);
  const std::string members = R"({"kty":"EC","alg":"ES256","crv":"P-256","x":")" +
                              Base64Url(point.substr(1, kCoordinateSize)) + R"(","y":")" +
                              Base64Url(point.substr(1 + kCoordinateSize)) + '"';
  std::string scalar = Base64Url(AsText(PrivateScalarOf(key)));
  std::string text;
  text.reserve(kRoomForJwk);
  text.append(members).append(R"(,"d":")").append(scalar).append("\"}");
  SecretBytes secret(AsBytes(text));
  Wipe(scalar);
  Wipe(text);
  return {.public_jwk = members + "}", .private_jwk = std::move(secret)};
}

}  // namespace surety
