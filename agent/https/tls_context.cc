#include "agent/https/tls_context.h"

#include <openssl/err.h>

#include <array>
#include <string>
#include <string_view>

namespace surety {
namespace {

// https://wiki.mozilla.org/Security/Server_Side_TLS, intermediate, version 5.7.
constexpr const char* kTls13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kTls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::string_view kGroups = "X25519:P-256:P-384";

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

Error Refused(std::string_view what) {
  std::array<char, 256> why{};
  ERR_error_string_n(ERR_get_error(), why.data(), why.size());
  ERR_clear_error();
  return Error(ErrorCode::kInvalidArgument, why.data()).Within(what);
}

bool Restrict(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  std::string groups(kGroups);  // Taken by a macro that casts const away.
  // A connection that waits holds no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_ciphersuites(context, kTls13) == 1 &&
         SSL_CTX_set_cipher_list(context, kTls12) == 1 &&
         SSL_CTX_set1_groups_list(context, groups.data()) == 1;
}

Result<void> UseCertificates(SSL_CTX* context, const std::vector<std::string>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(chain[i].data());
    const std::unique_ptr<X509, FreeCertificate> certificate(
        d2i_X509(nullptr, &bytes, static_cast<long>(chain[i].size())));
    const bool used =
        certificate && (i == 0 ? SSL_CTX_use_certificate(context, certificate.get())
                               : SSL_CTX_add1_chain_cert(context, certificate.get())) == 1;
    if (!used) return Refused("certificate " + std::to_string(i + 1) + " of the server's chain");
  }
  return {};
}

Result<void> UseKey(SSL_CTX* context, const SecretBytes& key_der) {
  const unsigned char* bytes = key_der.Reveal().data();
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(key_der.Reveal().size())));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return Refused("the server's key");
  return {};
}

}  // namespace

Result<TlsContextPtr> MakeServerContext(const TlsIdentity& identity) {
  TlsContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || !Restrict(context.get())) return Refused("setting up TLS");
  if (auto used = UseCertificates(context.get(), identity.chain_der); !used) return used.error();
  if (auto used = UseKey(context.get(), identity.key_der); !used) return used.error();
  return context;
}

}  // namespace surety
