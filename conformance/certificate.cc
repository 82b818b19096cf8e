#include "conformance/certificate.h"

namespace conformance {
namespace {

const unsigned char* BytesOf(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct StackFreer {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

}  // namespace

std::optional<std::vector<Certificate>> ReadCertificates(const std::string& der) {
  std::vector<Certificate> certificates;
  const unsigned char* at = BytesOf(der);
  const unsigned char* const end = at + der.size();
  while (at < end) {
    Certificate one(d2i_X509(nullptr, &at, end - at));
    if (!one) return std::nullopt;
    certificates.push_back(std::move(one));
  }
  if (certificates.empty()) return std::nullopt;
  return certificates;
}

Key ReadPkcs8(const std::string& der) {
  const unsigned char* at = BytesOf(der);
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info || at != BytesOf(der) + der.size()) return nullptr;
  return Key(EVP_PKCS82PKEY(info.get()));
}

bool IsCrl(const std::string& der) {
  const unsigned char* at = BytesOf(der);
  const Owned<X509_CRL, X509_CRL_free> crl(
      d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  return crl && at == BytesOf(der) + der.size();
}

std::vector<std::string> UriNames(const X509* certificate) {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    if (kind != GEN_URI) continue;
    const auto* uri = static_cast<const ASN1_IA5STRING*>(name);
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

bool IsCa(const X509* certificate) {
  const Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(
      static_cast<BASIC_CONSTRAINTS*>(
          X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  return constraints && constraints->ca != 0;
}

std::optional<unsigned> KeyUsage(const X509* certificate) {
  const Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> bits(static_cast<ASN1_BIT_STRING*>(
      X509_get_ext_d2i(certificate, NID_key_usage, nullptr, nullptr)));
  if (!bits) return std::nullopt;
  const unsigned char* data = ASN1_STRING_get0_data(bits.get());
  return ASN1_STRING_length(bits.get()) > 0 ? data[0] : 0U;
}

bool IsCritical(const X509* certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) != 0;
}

std::optional<std::vector<int>> ExtendedKeyUsage(const X509* certificate) {
  const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  if (!usages) return std::nullopt;
  std::vector<int> purposes;
  purposes.reserve(static_cast<std::size_t>(sk_ASN1_OBJECT_num(usages.get())));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i)
    purposes.push_back(OBJ_obj2nid(sk_ASN1_OBJECT_value(usages.get(), i)));
  return purposes;
}

std::string PathProblem(const std::vector<Certificate>& chain,
                        const std::vector<Certificate>& bundle) {
  const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  for (const Certificate& root : bundle) X509_STORE_add_cert(store.get(), root.get());
  // A bundle may hold an authority that another one has signed.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const std::unique_ptr<STACK_OF(X509), StackFreer> others(sk_X509_new_null());
  for (const Certificate& one : chain) sk_X509_push(others.get(), one.get());
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), others.get());
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace conformance
