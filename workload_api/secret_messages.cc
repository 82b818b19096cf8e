#include "workload_api/secret_messages.h"

#include <cstdint>
#include <span>

#include "envoy_discovery.pb.h"
#include "envoy_tls.pb.h"
#include "workload_api/pem_text.h"
#include "workload_api/wiped_message.h"

namespace surety {
namespace {

namespace tls = envoy::extensions::transport_sockets::tls::v3;

std::span<const std::uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string PemOf(std::string_view label, std::span<const std::string> all_der) {
  std::size_t size = 0;
  for (const std::string& der : all_der) size += PemSize(label, der.size());
  std::string text;
  text.reserve(size);
  for (const std::string& der : all_der) AppendPem(label, BytesOf(der), text);
  return text;
}

// In place, since a copy of it would be left behind.
void FillKey(std::span<const std::uint8_t> der, std::string& out) {
  constexpr std::string_view kLabel = "PRIVATE KEY";
  out.reserve(PemSize(kLabel, der.size()));
  AppendPem(kLabel, der, out);
}

void Fill(tls::TlsCertificate& out, const X509Svid& svid) {
  out.mutable_certificate_chain()->set_inline_bytes(PemOf("CERTIFICATE", svid.chain_der));
  FillKey(svid.key_der.Reveal(), *out.mutable_private_key()->mutable_inline_bytes());
}

void Fill(tls::CertificateValidationContext& out, const ChosenSecret& one) {
  out.mutable_trusted_ca()->set_inline_bytes(PemOf("CERTIFICATE", one.authorities()));
  if (one.crls().empty()) return;
  out.mutable_crl()->set_inline_bytes(PemOf("X509 CRL", one.crls()));
  // What is above an operator's intermediate is not ours to revoke (decision 010).
  out.set_only_verify_leaf_cert_crl(true);
}

void Pack(const ChosenSecret& one, google::protobuf::Any& out) {
  tls::Secret secret;
  secret.set_name(one.name);
  if (one.svid)
    Fill(*secret.mutable_tls_certificate(), *one.svid);
  else
    Fill(*secret.mutable_validation_context(), one);
  out.set_type_url(std::string(kSecretType));
  // Of its length from the start, as no key may stay in a smaller one that it outgrew.
  std::string& value = *out.mutable_value();
  value.resize(secret.ByteSizeLong());
  secret.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(value.data()));
  if (one.svid)
    Wipe(*secret.mutable_tls_certificate()->mutable_private_key()->mutable_inline_bytes());
}

}  // namespace

grpc::ByteBuffer SecretsMessage(const ChosenSecrets& secrets, const std::string& nonce) {
  envoy::service::discovery::v3::DiscoveryResponse response;
  response.set_version_info(secrets.Version());
  response.set_type_url(std::string(kSecretType));
  response.set_nonce(nonce);
  for (const ChosenSecret& one : secrets.secrets) Pack(one, *response.add_resources());
  grpc::ByteBuffer message = WipedMessage(response);
  for (auto& resource : *response.mutable_resources()) Wipe(*resource.mutable_value());
  return message;
}

}  // namespace surety
