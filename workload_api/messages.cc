#include "workload_api/messages.h"

#include <string>

#include "workload.pb.h"
#include "workload_api/wiped_message.h"

namespace surety {
namespace {

std::string Concatenate(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

std::string IdOf(const std::string& trust_domain) { return "spiffe://" + trust_domain; }

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

  grpc::ByteBuffer message = WipedMessage(response);
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
  return WipedMessage(response);
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
  grpc::ByteBuffer message = WipedMessage(response);
  for (JWTSVID& svid : *response.mutable_svids()) Wipe(*svid.mutable_svid());
  return message;
}

grpc::ByteBuffer JwtBundlesMessage(const TokenBundles& bundles) {
  JWTBundlesResponse response;
  for (const auto& [trust_domain, jwk_set] : bundles.jwk_sets)
    (*response.mutable_bundles())[IdOf(trust_domain)] = jwk_set;
  return WipedMessage(response);
}

grpc::ByteBuffer WitSvidMessage(const WitUpdate& update) {
  WITSVIDResponse response;
  for (const auto& one : update.svids) {
    WITSVID& out = *response.add_svids();
    out.set_spiffe_id(one->id.Text());
    out.set_wit_svid(one->token);
    const auto key = one->key_jwk.Reveal();
    // In one piece, as in JwtSvidMessage().
    out.set_wit_svid_key(reinterpret_cast<const char*>(key.data()), key.size());
    out.set_hint(one->hint);
  }
  grpc::ByteBuffer message = WipedMessage(response);
  for (WITSVID& svid : *response.mutable_svids()) Wipe(*svid.mutable_wit_svid_key());
  return message;
}

grpc::ByteBuffer WitBundlesMessage(const TokenBundles& bundles) {
  WITBundlesResponse response;
  for (const auto& [trust_domain, jwk_set] : bundles.jwk_sets)
    (*response.mutable_bundles())[IdOf(trust_domain)] = jwk_set;
  return WipedMessage(response);
}

}  // namespace surety
