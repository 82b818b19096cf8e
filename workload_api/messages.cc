#include "workload_api/messages.h"

#include <google/protobuf/message_lite.h>
#include <grpc/slice.h>
#include <string.h>

#include <memory>
#include <string>

#include "workload.pb.h"

namespace surety {
namespace {

std::string Concatenate(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

std::string IdOf(const std::string& trust_domain) { return "spiffe://" + trust_domain; }

void Wipe(std::string& secret) { ::explicit_bzero(secret.data(), secret.size()); }

// gRPC frees the slice when the last byte is on the wire, which destroys, and
// with that wipes, the bytes.
void DestroySecret(void* secret) {
  std::unique_ptr<SecretBytes>(static_cast<SecretBytes*>(secret));
}

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message) {
  std::vector<std::uint8_t> bytes(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(bytes.data());
  auto secret = std::make_unique<SecretBytes>(std::move(bytes));
  const auto view = secret->Reveal();
  // gRPC takes a pointer to mutable bytes but never writes to a slice it is given.
  auto* data =
      const_cast<std::uint8_t*>(view.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  const grpc::Slice slice(
      grpc_slice_new_with_user_data(data, view.size(), &DestroySecret, secret.release()),
      grpc::Slice::STEAL_REF);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

grpc::ByteBuffer X509SvidMessage(const SvidUpdate& update) {
  const BundleSet& bundles = *update.bundles;
  X509SVIDResponse response;
  const std::string own_bundle = Concatenate(bundles.x509_authorities);
  for (const auto& held : update.svids) {
    const X509Svid& svid = *held;
    X509SVID& out = *response.add_svids();
    out.set_spiffe_id(svid.id.Text());
    out.set_x509_svid(Concatenate(svid.chain_der));
    const auto key = svid.key_der.Reveal();
    out.set_x509_svid_key(key.data(), key.size());
    out.set_bundle(own_bundle);
    out.set_hint(svid.hint);
  }
  for (const std::string& crl : bundles.crls) response.add_crl(crl);
  for (const auto& [trust_domain, authorities] : bundles.federated)
    (*response.mutable_federated_bundles())[IdOf(trust_domain)] = Concatenate(authorities);

  grpc::ByteBuffer message = Serialize(response);
  for (X509SVID& svid : *response.mutable_svids()) Wipe(*svid.mutable_x509_svid_key());
  return message;
}

grpc::ByteBuffer X509BundlesMessage(const BundleSet& bundles) {
  X509BundlesResponse response;
  auto& out = *response.mutable_bundles();
  out[bundles.trust_domain.IdText()] = Concatenate(bundles.x509_authorities);
  for (const auto& [trust_domain, authorities] : bundles.federated)
    out[IdOf(trust_domain)] = Concatenate(authorities);
  for (const std::string& crl : bundles.crls) response.add_crl(crl);
  return Serialize(response);
}

grpc::ByteBuffer JwtSvidMessage(const std::vector<JwtSvid>& tokens) {
  JWTSVIDResponse response;
  for (const JwtSvid& one : tokens) {
    JWTSVID& out = *response.add_svids();
    out.set_spiffe_id(one.id.Text());
    const auto token = one.token.Reveal();
    // In one piece: a range of another type would pass through a copy that nobody wipes.
    out.set_svid(reinterpret_cast<const char*>(token.data()), token.size());
    out.set_hint(one.hint);
  }
  grpc::ByteBuffer message = Serialize(response);
  for (JWTSVID& svid : *response.mutable_svids()) Wipe(*svid.mutable_svid());
  return message;
}

grpc::ByteBuffer JwtBundlesMessage(const TokenBundles& bundles) {
  JWTBundlesResponse response;
  for (const auto& [trust_domain, jwk_set] : bundles.jwk_sets)
    (*response.mutable_bundles())[IdOf(trust_domain)] = jwk_set;
  return Serialize(response);
}

}  // namespace surety
