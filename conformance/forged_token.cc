#include "conformance/forged_token.h"

#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>

#include "conformance/base64url.h"

namespace conformance {
namespace {

using nlohmann::json;

const unsigned char* Unsigned(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Unsealed(const json& header, const json& claims) {
  return EncodeBase64Url(header.dump()) + "." + EncodeBase64Url(claims.dump());
}

// Signed with ES256 by a key that nobody has seen before.
std::string SignedByStranger(json header, const json& claims) {
  header["alg"] = "ES256";
  const std::string text = Unsealed(header, claims);
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  EVP_DigestSign(context.get(), der.data(), &size, Unsigned(text), text.size());
  const unsigned char* at = der.data();
  const Owned<ECDSA_SIG, ECDSA_SIG_free> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::array<unsigned char, 64> numbers{};
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), numbers.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), numbers.data() + 32, 32);
  const std::string signature(reinterpret_cast<const char*>(numbers.data()), numbers.size());
  return text + "." + EncodeBase64Url(signature);
}

// The public key taken for a shared secret, as verifiers without a list of algorithms do.
std::string SealedWithPublicKey(json header, const json& claims, EVP_PKEY* key) {
  header["alg"] = "HS256";
  const Owned<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(memory.get(), key);
  const char* pem = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &pem);
  const std::string text = Unsealed(header, claims);
  std::array<unsigned char, EVP_MAX_MD_SIZE> seal{};
  unsigned length = 0;
  HMAC(EVP_sha256(), pem, static_cast<int>(size), Unsigned(text), text.size(), seal.data(),
       &length);
  return text + "." +
         EncodeBase64Url(std::string(reinterpret_cast<const char*>(seal.data()), length));
}

json With(json object, const char* name, const json& value) {
  object[name] = value;
  return object;
}

std::string WithOtherSignature(const Token& token) {
  std::string other = token.signature;
  if (!other.empty()) other.front() = static_cast<char>(other.front() ^ 1);
  return token.signed_text + "." + EncodeBase64Url(other);
}

}  // namespace

std::vector<ForgedToken> Forge(const Token& real, const std::string& text, const json& jwk) {
  const auto& [header, claims, signed_text, signature] = real;
  const std::string seal = EncodeBase64Url(signature);
  std::vector<ForgedToken> forged = {
      {"a signature with another bit", WithOtherSignature(real)},
      {"no signature", signed_text + "."},
      {"the alg 'none'", Unsealed(With(header, "alg", "none"), claims) + "."},
      {"a subject that was not signed",
       Unsealed(header, With(claims, "sub", TextAt(claims, "sub") + "/other")) + "." + seal},
      {"an exp that was not signed",
       Unsealed(header, With(claims, "exp", 4'000'000'000)) + "." + seal},
      {"the signature of an unknown key", SignedByStranger(header, claims)},
      {"an unknown kid", SignedByStranger(With(header, "kid", "of-nobody"), claims)},
      {"bytes after its end", text + "AAAA"},
      {"a fourth part", text + ".AAAA"},
      {"nothing but dots", ".."},
  };
  if (const Key key = PublicKeyOf(jwk))
    forged.push_back({"the alg HS256 and the public key as its secret",
                      SealedWithPublicKey(header, claims, key.get())});
  return forged;
}

ForgedToken ForeignToken(const Token& real) {
  return {
      "of an unknown trust domain",
      SignedByStranger(real.header, With(real.claims, "sub", "spiffe://unknown.invalid/workload"))};
}

}  // namespace conformance
