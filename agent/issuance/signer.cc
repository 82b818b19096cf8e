#include "agent/issuance/signer.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "agent/issuance/certificate_template.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr int kLeastRsaBits = 2048;
constexpr std::size_t kLongestKeyId = 128;

Error Invalid(std::string message) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

std::string SubjectOf(const X509& certificate) {
  const unsigned char* encoded = nullptr;
  std::size_t length = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(&certificate), &encoded, &length) != 1) return {};
  return std::string(AsText({encoded, length}));
}

std::string SerialOf(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  return Hex(AsText(
      {ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))}));
}

std::string KeyIdFrom(X509& certificate) {
  const ASN1_OCTET_STRING* given = X509_get0_subject_key_id(&certificate);
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(&certificate);
  const ASN1_STRING* octets = given != nullptr ? given : bits;
  const std::string_view text =
      AsText({ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets))});
  return given != nullptr ? std::string(text) : KeyIdOf(text);
}

Result<void> CheckMaySign(X509& certificate) {
  if (X509_check_purpose(&certificate, -1, 0) != 1) {
    return OpenSslError(ErrorCode::kInvalidArgument, "the certificate's extensions are malformed");
  }
  const std::uint32_t flags = X509_get_extension_flags(&certificate);
  if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) == 0) {
    return Invalid("the certificate is not a CA (basicConstraints without cA)");
  }
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(&certificate) & KU_KEY_CERT_SIGN) == 0) {
    return Invalid("the certificate may not sign certificates (keyUsage without keyCertSign)");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Signer>> Signer::Create(CertificatePtr certificate, PKeyPtr key,
                                                     std::vector<std::string> above) {
  if (auto may = CheckMaySign(*certificate); !may) return may.error();
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Invalid("the private key is not the certificate's");
  }
  std::shared_ptr<Signer> signer(new Signer);
  signer->certificate_ = std::move(certificate);
  signer->key_ = std::move(key);
  return Finish(std::move(signer), std::move(above));
}

Result<std::shared_ptr<const Signer>> Signer::Create(CertificatePtr certificate,
                                                     std::shared_ptr<OutsideKey> key,
                                                     std::vector<std::string> above) {
  if (auto may = CheckMaySign(*certificate); !may) return may.error();
  std::shared_ptr<Signer> signer(new Signer);
  signer->key_.reset(X509_get_pubkey(certificate.get()));
  signer->certificate_ = std::move(certificate);
  signer->outside_key_ = std::move(key);
  if (!signer->key_) return OpenSslError(ErrorCode::kInvalidArgument, "the certificate's key");
  return Finish(std::move(signer), std::move(above));
}

Result<std::shared_ptr<const Signer>> Signer::Finish(std::shared_ptr<Signer> signer,
                                                     std::vector<std::string> above) {
  if (auto read = signer->ReadCertificate(); !read) return read.error();
  if (auto chosen = signer->ChooseAlgorithm(); !chosen) return chosen.error();
  const bool self_signed =
      X509_self_signed(signer->certificate_.get(), /*verify_signature=*/1) == 1;
  if (!self_signed) {
    signer->chain_ = std::move(above);
    signer->chain_.insert(signer->chain_.begin(), signer->certificate_der_);
  }
  ERR_clear_error();
  return std::shared_ptr<const Signer>(std::move(signer));
}

Result<void> Signer::ReadCertificate() {
  const auto not_before = TimeOf(X509_get0_notBefore(certificate_.get()));
  const auto not_after = TimeOf(X509_get0_notAfter(certificate_.get()));
  if (!not_before || !not_after) return Invalid("the certificate's validity cannot be read");
  not_before_ = *not_before;
  not_after_ = *not_after;
  certificate_der_ = DerOf(*certificate_);
  subject_ = SubjectOf(*certificate_);
  serial_ = SerialOf(*certificate_);
  key_id_ = KeyIdFrom(*certificate_);
  may_sign_crls_ = (X509_get_key_usage(certificate_.get()) & KU_CRL_SIGN) != 0;
  if (key_id_.size() > kLongestKeyId) {
    return Invalid("the certificate's subject key identifier is longer than 128 bytes");
  }
  if (certificate_der_.empty() || subject_.empty() || key_id_.empty()) {
    return OpenSslError(ErrorCode::kInternal, "reading the certificate");
  }
  return {};
}

Result<void> Signer::ChooseAlgorithm() {
  std::array<char, 64> group{};
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA) {
    if (EVP_PKEY_get_bits(key_.get()) < kLeastRsaBits) {
      return Invalid("the RSA key is shorter than 2048 bits");
    }
    algorithm_ = kRsaSha256;
  } else if (EVP_PKEY_get_group_name(key_.get(), group.data(), group.size(), nullptr) != 1) {
    return Invalid("the key is neither EC nor RSA: use P-256, P-384 or RSA");
  } else if (std::string_view(group.data()) == "prime256v1") {
    algorithm_ = kEcdsaSha256;
  } else if (std::string_view(group.data()) == "secp384r1") {
    algorithm_ = kEcdsaSha384;
    digest_ = "SHA384";
  } else {
    return Invalid("the key's curve is " + std::string(group.data()) + ": use P-256 or P-384");
  }
  if (outside_key_) return {};
  ready_.reset(EVP_MD_CTX_new());
  if (!ready_ || EVP_DigestSignInit_ex(ready_.get(), nullptr, digest_, nullptr, nullptr, key_.get(),
                                       nullptr) != 1) {
    return OpenSslError(ErrorCode::kInternal, "setting up to sign");
  }
  return {};
}

Result<std::string> Signer::Sign(std::string_view to_be_signed) const {
  const auto signature = outside_key_ ? SignOutside(to_be_signed) : SignInside(to_be_signed);
  if (!signature) return signature.error();
  return Certificate(to_be_signed, algorithm_, *signature);
}

Result<std::string> Signer::SignInside(std::string_view to_be_signed) const {
  constexpr std::size_t kLongestSignature = 2048;  // RSA with 16384 bits, OpenSSL's limit.
  std::array<unsigned char, kLongestSignature> signature{};
  std::size_t length = signature.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(to_be_signed.data());
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!context || EVP_MD_CTX_copy_ex(context.get(), ready_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &length, bytes, to_be_signed.size()) != 1) {
    return OpenSslError(ErrorCode::kInternal, "signing");
  }
  return std::string(AsText(std::span(signature).first(length)));
}

Result<std::string> Signer::SignOutside(std::string_view to_be_signed) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t length = 0;
  if (EVP_Q_digest(nullptr, digest_, nullptr, to_be_signed.data(), to_be_signed.size(),
                   digest.data(), &length) != 1) {
    return OpenSslError(ErrorCode::kInternal, "hashing");
  }
  return outside_key_->Sign(AsText(std::span(digest).first(length)));
}

Result<std::string> RandomSerial() {
  constexpr std::size_t kSerialSize = 16;
  std::array<unsigned char, kSerialSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return OpenSslError(ErrorCode::kInternal, "drawing a serial number");
  }
  // Positive, and always the same length.
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3fU) | 0x40U);
  return std::string(AsText(bytes));
}

}  // namespace surety
