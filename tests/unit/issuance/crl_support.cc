#include "tests/unit/issuance/crl_support.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {

CrlPtr ParseCrl(std::string_view der) {
  const auto* at = AsBytes(der).data();
  CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(crl && at == AsBytes(der).data() + der.size());
  return crl;
}

std::uint64_t NumberOf(const X509_CRL& crl) {
  auto* number =
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(&crl, NID_crl_number, nullptr, nullptr));
  std::uint64_t value = 0;
  EXPECT_EQ(ASN1_INTEGER_get_uint64(&value, number), 1);
  ASN1_INTEGER_free(number);
  return value;
}

WallTime ThisUpdateOf(const X509_CRL& crl) { return *TimeOf(X509_CRL_get0_lastUpdate(&crl)); }
WallTime NextUpdateOf(const X509_CRL& crl) { return *TimeOf(X509_CRL_get0_nextUpdate(&crl)); }

int EntriesOf(X509_CRL& crl) {
  const auto* revoked = X509_CRL_get_REVOKED(&crl);
  return revoked == nullptr ? 0 : sk_X509_REVOKED_num(revoked);
}

std::string IssuerKeyIdOf(const X509_CRL& crl) {
  auto* found = static_cast<AUTHORITY_KEYID*>(
      X509_CRL_get_ext_d2i(&crl, NID_authority_key_identifier, nullptr, nullptr));
  EXPECT_TRUE(found != nullptr && found->keyid != nullptr && found->issuer == nullptr);
  std::string text =
      Hex(AsText({found->keyid->data, static_cast<std::size_t>(found->keyid->length)}));
  AUTHORITY_KEYID_free(found);
  return text;
}

Revocation Revoke(const X509Svid& svid, WallTime at, RevocationReason reason) {
  return {.serial = svid.serial,
          .issuer_key_id = svid.issuer_key_id,
          .revoked_at = at,
          .reason = reason,
          .not_after = svid.not_after};
}

bool Names(std::string_view crl, const X509Svid& svid) {
  const CertificatePtr leaf = ParseDer(svid.chain_der.front());
  X509_REVOKED* found = nullptr;
  return X509_CRL_get0_by_cert(ParseCrl(crl).get(), &found, leaf.get()) == 1;
}

std::string WhyRefusedWithCrls(const std::vector<std::string>& chain,
                               const std::vector<std::string>& roots,
                               const std::vector<std::string>& crls, WallTime at,
                               bool whole_chain) {
  const StorePtr store(X509_STORE_new());
  for (const std::string& root : roots) X509_STORE_add_cert(store.get(), ParseDer(root).get());
  for (const std::string& crl : crls) X509_STORE_add_crl(store.get(), ParseCrl(crl).get());
  const CertificateStackPtr above(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(above.get(), ParseDer(chain[i]).release());
  }
  const CertificatePtr leaf = ParseDer(chain.front());
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), above.get());
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK |
                                              (whole_chain ? X509_V_FLAG_CRL_CHECK_ALL : 0UL));
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::floor<Seconds>(at).time_since_epoch().count());
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace surety
