#include "agent/issuance/certificate_view.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "agent/issuance/openssl_handles.h"

namespace surety {
namespace {

struct FreeText {
  void operator()(char* text) const { OPENSSL_free(text); }
};
using TextPtr = std::unique_ptr<char, FreeText>;
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;

Error Invalid(std::string message) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

CertificatePtr Parse(std::string_view der) {
  const unsigned char* at = BytesOf(der);
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != BytesOf(der) + der.size()) certificate.reset();
  return certificate;
}

// The length of the DER SEQUENCE at the front; 0 if there is no whole one.
std::size_t SequenceLength(std::string_view der) {
  constexpr int kConstructed = 0x20;  // Alone: no error bit, and a definite length.
  const unsigned char* at = BytesOf(der);
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int form = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(der.size()));
  if (form != kConstructed || tag != V_ASN1_SEQUENCE || tag_class != V_ASN1_UNIVERSAL) return 0;
  return static_cast<std::size_t>(at - BytesOf(der)) + static_cast<std::size_t>(length);
}

std::string SubjectOf(const X509& certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out ||
      X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(length));
}

std::string SerialOf(const X509& certificate) {
  const NumberPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  const TextPtr hex(number ? BN_bn2hex(number.get()) : nullptr);
  std::string serial(hex ? hex.get() : "");
  std::transform(serial.begin(), serial.end(), serial.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return serial;
}

std::optional<WallTime> TimeOf(const ASN1_TIME* time) {
  tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return std::nullopt;
  // "No end" is written as the year 9999, nanoseconds in 64 bits end in 2262.
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max());
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(WallTime::min());
  return std::clamp(std::chrono::sys_seconds(Seconds(::timegm(&broken_down))), kFirst, kLast);
}

std::string CurveOf(const EVP_PKEY& key) {
  std::array<char, 80> name{};
  if (EVP_PKEY_get_group_name(&key, name.data(), name.size(), nullptr) != 1) return "unknown curve";
  const char* nist = EC_curve_nid2nist(OBJ_sn2nid(name.data()));
  return nist != nullptr ? nist : name.data();
}

std::string KeyTypeOf(const X509& certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (key == nullptr) return "unknown";
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC: return "EC " + CurveOf(*key);
    case EVP_PKEY_RSA: return "RSA " + std::to_string(EVP_PKEY_get_bits(key));
    case EVP_PKEY_ED25519: return "Ed25519";
    default: return OBJ_nid2sn(EVP_PKEY_get_base_id(key));
  }
}

void AddNames(const X509& certificate, CertificateView& view) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI && type != GEN_DNS) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    auto& list = type == GEN_URI ? uris : view.dns_names;
    list.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                      static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  if (uris.size() == 1) view.spiffe_id = uris.front();
}

// Writes into memory reserved beforehand, so that no copy of a key is left
// behind by a vector that grows.
std::vector<std::uint8_t> Pem(std::string_view label, std::span<const std::uint8_t> der) {
  constexpr std::size_t kBytesOfLine = 48;
  constexpr std::size_t kCharsOfLine = 64;
  std::vector<std::uint8_t> out;
  out.reserve((der.size() / kBytesOfLine + 1) * (kCharsOfLine + 1) + 2 * (label.size() + 20));
  const auto append = [&out](std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
  };
  append("-----BEGIN ");
  append(label);
  append("-----\n");
  for (std::size_t at = 0; at < der.size(); at += kBytesOfLine) {
    const auto line = der.subspan(at, std::min(kBytesOfLine, der.size() - at));
    std::array<unsigned char, kCharsOfLine + 1> text{};
    const int length = EVP_EncodeBlock(text.data(), line.data(), static_cast<int>(line.size()));
    out.insert(out.end(), text.begin(), text.begin() + length);
    out.push_back('\n');
    OPENSSL_cleanse(text.data(), text.size());
  }
  append("-----END ");
  append(label);
  append("-----\n");
  return out;
}

}  // namespace

Result<std::vector<std::string>> SplitCertificates(std::string_view concatenated_der) {
  std::vector<std::string> out;
  if (concatenated_der.empty()) return Invalid("there is no certificate");
  while (!concatenated_der.empty()) {
    const std::size_t length = SequenceLength(concatenated_der);
    if (length == 0)
      return Invalid("what stands after certificate " + std::to_string(out.size()) + " is not DER");
    if (out.size() == kMaxCertificates)
      return Invalid("there are more than " + std::to_string(kMaxCertificates) + " certificates");
    out.emplace_back(concatenated_der.substr(0, length));
    concatenated_der.remove_prefix(length);
  }
  return out;
}

Result<CertificateView> ViewCertificate(std::string_view der) {
  const CertificatePtr certificate = Parse(der);
  if (!certificate) return Invalid("not a DER certificate");
  const auto not_before = TimeOf(X509_get0_notBefore(certificate.get()));
  const auto not_after = TimeOf(X509_get0_notAfter(certificate.get()));
  if (!not_before || !not_after) return Invalid("the certificate's validity cannot be read");
  CertificateView view{.subject = SubjectOf(*certificate),
                       .spiffe_id = {},
                       .dns_names = {},
                       .serial = SerialOf(*certificate),
                       .key_type = KeyTypeOf(*certificate),
                       .not_before = *not_before,
                       .not_after = *not_after};
  AddNames(*certificate, view);
  ERR_clear_error();
  return view;
}

Result<void> CheckKeyBelongsTo(const SecretBytes& key_der, std::string_view certificate_der) {
  const auto bytes = key_der.Reveal();
  const unsigned char* at = bytes.data();
  const Pkcs8Ptr pkcs8(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(bytes.size())));
  if (!pkcs8 || at != bytes.data() + bytes.size())
    return Invalid("the private key is not unencrypted PKCS#8");
  const PKeyPtr key(EVP_PKCS82PKEY(pkcs8.get()));
  if (!key) return Invalid("the private key is of a kind that cannot be read");
  const CertificatePtr certificate = Parse(certificate_der);
  if (!certificate) return Invalid("not a DER certificate");
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return Invalid("the private key is not the certificate's");
  return {};
}

std::string CertificatePem(std::string_view der) {
  const auto pem = Pem("CERTIFICATE", std::span(BytesOf(der), der.size()));
  return {pem.begin(), pem.end()};
}

std::string CrlPem(std::string_view der) {
  const auto pem = Pem("X509 CRL", std::span(BytesOf(der), der.size()));
  return {pem.begin(), pem.end()};
}

SecretBytes PrivateKeyPem(const SecretBytes& key_der) {
  return SecretBytes(Pem("PRIVATE KEY", key_der.Reveal()));
}

}  // namespace surety
