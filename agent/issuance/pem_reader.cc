#include "agent/issuance/pem_reader.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr std::size_t kMostCertificates = 200;

struct FreeText {
  void operator()(char* text) const { OPENSSL_secure_free(text); }
};
using LibraryText = std::unique_ptr<char, FreeText>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

bool AtEnd() {
  const unsigned long last = ERR_peek_last_error();
  return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

}  // namespace

PemReader::PemReader(std::span<const std::uint8_t> text, Place place)
    : text_(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))),
      flags_(place == Place::kSecureHeap ? PEM_FLAG_SECURE : 0U) {}

Result<std::optional<PemBlock>> PemReader::Next() {
  if (!text_) return OpenSslError(ErrorCode::kInternal, "reading PEM");
  ERR_clear_error();
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  if (PEM_read_bio_ex(text_.get(), &label, &header, &bytes, &size,
                      flags_ | PEM_FLAG_EAY_COMPATIBLE) != 1) {
    if (!AtEnd()) {
      return OpenSslError(ErrorCode::kInvalidArgument, "a PEM block is cut off or damaged");
    }
    ERR_clear_error();
    return std::optional<PemBlock>();
  }
  const LibraryText label_owner(label);
  const LibraryText header_owner(header);
  PemBlock block{.label = label, .content = PemContent(bytes, static_cast<std::size_t>(size))};
  if (*header != '\0' || block.label == "ENCRYPTED PRIVATE KEY") {
    return Error(ErrorCode::kInvalidArgument,
                 "the " + block.label + " is encrypted, and nobody is there to type a passphrase");
  }
  return std::optional<PemBlock>(std::move(block));
}

Result<std::vector<CertificatePtr>> ParseCertificates(std::span<const std::uint8_t> text) {
  std::vector<CertificatePtr> certificates;
  PemReader reader(text, PemReader::Place::kHeap);
  while (true) {
    auto block = reader.Next();
    if (!block) return block.error();
    if (!*block) break;
    if ((*block)->label != "CERTIFICATE") {
      return Error(ErrorCode::kInvalidArgument,
                   "a " + (*block)->label + " stands where only certificates belong");
    }
    auto certificate = ParseCertificate((*block)->content.Reveal());
    if (!certificate) return certificate.error();
    if (certificates.size() == kMostCertificates) {
      return Error(ErrorCode::kResourceExhausted, "there are more than 200 certificates");
    }
    certificates.push_back(*std::move(certificate));
  }
  if (certificates.empty()) {
    return Error(ErrorCode::kInvalidArgument, "there is no PEM certificate");
  }
  return certificates;
}

Result<CertificatePtr> ParseCertificate(std::span<const std::uint8_t> der) {
  const unsigned char* at = der.data();
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return OpenSslError(ErrorCode::kInvalidArgument, "not a DER certificate");
  }
  return certificate;
}

Result<PKeyPtr> ParsePrivateKey(std::span<const std::uint8_t> text) {
  PemReader reader(text, PemReader::Place::kSecureHeap);
  while (true) {
    auto block = reader.Next();
    if (!block) return block.error();
    if (!*block) return Error(ErrorCode::kInvalidArgument, "there is no PEM private key");
    // openssl ecparam writes the curve in a block of its own before the key.
    if (!(*block)->label.ends_with("PRIVATE KEY")) continue;
    const std::span<const std::uint8_t> der = (*block)->content.Reveal();
    const unsigned char* at = der.data();
    PKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    if (!key) return OpenSslError(ErrorCode::kInvalidArgument, "the private key cannot be read");
    return key;
  }
}

std::vector<std::string> UriNamesOf(const X509& certificate) {
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    uris.emplace_back(
        AsText({ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}));
  }
  ERR_clear_error();
  return uris;
}

}  // namespace surety
