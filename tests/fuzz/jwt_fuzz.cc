// Tokens come from whoever has something to ask of a workload: what is read has one
// spelling only, and nothing but what the key has signed is believed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/issuance/base64url.h"
#include "agent/issuance/jwt_parser.h"
#include "agent/issuance/jwt_verifier.h"

namespace {

using surety::JwtKeyRing;

// Each kind of key that a token may be signed with, under the names that the corpus uses.
const JwtKeyRing& Ring() {
  static const JwtKeyRing ring = [] {
    JwtKeyRing made;
    auto& keys = made[*surety::TrustDomain::Parse("example.org")];
    keys.emplace("p256", surety::PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
    keys.emplace("p521", surety::PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521")));
    keys.emplace("rsa", surety::PKeyPtr(EVP_RSA_gen(2048)));
    return made;
  }();
  return ring;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = surety::DecodeBase64Url(token);
      bytes && surety::Base64Url(*bytes) != token)
    std::abort();
  if (const auto parsed = surety::ParseJwt(token)) {
    const std::string again =
        std::string(parsed->signed_text) + "." + surety::Base64Url(parsed->signature);
    if (again != token) std::abort();
  }
  // The keys are drawn anew in each run: nothing in the corpus is signed by them.
  if (surety::VerifyJwt(token, "reports", Ring(), surety::WallTime())) std::abort();
  return 0;
}
