#include "tests/unit/command/made_identity.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "agent/issuance/openssl_handles.h"

namespace surety {
namespace {

void Require(bool made) {
  if (!made) std::abort();
}

PKeyPtr MakeKey(const std::string& type) {
  if (type == "RSA") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  if (type == "ED25519") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", type.c_str()));
}

void AddNames(X509* certificate, const MadeSpec& spec) {
  std::string names;
  const auto add = [&names](const std::string& name) {
    names += (names.empty() ? "" : ",") + name;
  };
  if (!spec.spiffe_id.empty()) add("URI:" + spec.spiffe_id);
  for (const auto& uri : spec.more_uris) add("URI:" + uri);
  for (const auto& name : spec.dns_names) add("DNS:" + name);
  if (names.empty()) return;
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void SetTime(ASN1_TIME* into, WallTime time) {
  Require(ASN1_TIME_set(into, std::chrono::floor<Seconds>(time).time_since_epoch().count()) !=
          nullptr);
}

std::vector<std::uint8_t> Pkcs8Of(const EVP_PKEY* key) {
  PKCS8_PRIV_KEY_INFO* pkcs8 = EVP_PKEY2PKCS8(key);
  unsigned char* bytes = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(pkcs8, &bytes);
  Require(length > 0);
  std::vector<std::uint8_t> out(bytes, bytes + length);
  OPENSSL_free(bytes);
  PKCS8_PRIV_KEY_INFO_free(pkcs8);
  return out;
}

}  // namespace

MadeIdentity MakeIdentity(const MadeSpec& spec) {
  const PKeyPtr key = MakeKey(spec.key_type);
  const CertificatePtr certificate(X509_new());
  Require(key != nullptr && certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), spec.serial);
  SetTime(X509_getm_notBefore(certificate.get()), spec.not_before);
  SetTime(X509_getm_notAfter(certificate.get()), spec.not_after);
  if (!spec.common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1,
                               -1, 0);
  X509_set_pubkey(certificate.get(), key.get());
  AddNames(certificate.get(), spec);
  const EVP_MD* digest = spec.key_type == "ED25519" ? nullptr : EVP_sha256();
  Require(X509_sign(certificate.get(), key.get(), digest) > 0);
  return {.certificate_der = DerOf(*certificate), .key_der = Pkcs8Of(key.get())};
}

DeliveredSvid DeliveredOf(const MadeIdentity& identity, const std::string& spiffe_id,
                          const std::string& hint) {
  return {.spiffe_id = spiffe_id,
          .chain_der = identity.certificate_der,
          .key_der = SecretBytes(identity.key_der),
          .bundle_der = identity.certificate_der,
          .hint = hint};
}

WorkloadUpdate UpdateOf(const MadeSpec& spec) {
  WorkloadUpdate update;
  update.svids.push_back(DeliveredOf(MakeIdentity(spec), spec.spiffe_id));
  return update;
}

}  // namespace surety
