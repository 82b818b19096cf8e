#include "agent/issuance/root_authority.h"

#include <openssl/x509.h>

#include <array>
#include <utility>

#include "agent/issuance/certificate_template.h"
#include "agent/issuance/certificate_view.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

constexpr std::string_view kCertificateLabel = "CERTIFICATE";
constexpr std::string_view kKeyLabel = "PRIVATE KEY";

Error Damaged(std::string message) { return {ErrorCode::kDataLoss, std::move(message)}; }

Result<std::string> SignWith(EVP_PKEY* key, std::string_view to_be_signed) {
  constexpr std::size_t kLongestSignature = 72;  // ECDSA on P-256 in DER.
  std::array<unsigned char, kLongestSignature> signature{};
  std::size_t length = signature.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(to_be_signed.data());
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) !=
          1 ||
      EVP_DigestSign(context.get(), signature.data(), &length, bytes, to_be_signed.size()) != 1) {
    return OpenSslError(ErrorCode::kInternal, "signing the authority's own certificate");
  }
  return std::string(AsText(std::span(signature).first(length)));
}

// The next block, which must have this label.
Result<PemContent> Expect(PemReader& reader, std::string_view label) {
  auto block = reader.Next();
  if (!block) return Damaged(block.error().Text());
  if (!*block || (*block)->label != label) {
    return Damaged("there is no " + std::string(label) + " where it belongs");
  }
  return std::move((*block)->content);
}

}  // namespace

Result<NewRoot> MakeRoot(const TrustDomain& trust_domain, WallTime not_before, WallTime not_after) {
  auto serial = RandomSerial();
  if (!serial) return serial.error();
  auto bytes = GenerateP256Key();
  if (!bytes) return bytes.error();
  auto key = LoadP256Key(bytes->pkcs8.Reveal());
  if (!key) return key.error();

  const std::string id = trust_domain.IdText();
  const std::string to_be_signed = RootToBeSigned({.serial = *serial,
                                                   .trust_domain = trust_domain.name(),
                                                   .trust_domain_id = id,
                                                   .not_before = not_before,
                                                   .not_after = not_after,
                                                   .public_point = bytes->public_point});
  auto signature = SignWith(key->get(), to_be_signed);
  if (!signature) return signature.error();
  auto certificate = ParseCertificate(AsBytes(Certificate(to_be_signed, kEcdsaSha256, *signature)));
  if (!certificate) return certificate.error();
  auto signer = Signer::Create(*std::move(certificate), *std::move(key), {});
  if (!signer) return signer.error();
  return NewRoot{.signer = *std::move(signer), .pkcs8 = std::move(bytes->pkcs8)};
}

SecretBytes PrintRoot(const NewRoot& root) {
  const std::string certificate = CertificatePem(root.signer->certificate_der());
  const SecretBytes key = PrivateKeyPem(root.pkcs8);
  std::vector<std::uint8_t> text;
  text.reserve(certificate.size() + key.Reveal().size());
  text.insert(text.end(), certificate.begin(), certificate.end());
  text.insert(text.end(), key.Reveal().begin(), key.Reveal().end());
  return SecretBytes(std::move(text));
}

Result<std::shared_ptr<const Signer>> ParseRoot(std::span<const std::uint8_t> text,
                                                const TrustDomain& trust_domain) {
  if (text.size() > kLargestRootFile) return Damaged("it is larger than any authority");
  PemReader reader(text, PemReader::Place::kSecureHeap);
  auto certificate_der = Expect(reader, kCertificateLabel);
  if (!certificate_der) return certificate_der.error();
  auto key_der = Expect(reader, kKeyLabel);
  if (!key_der) return key_der.error();

  auto certificate = ParseCertificate(certificate_der->Reveal());
  if (!certificate) return Damaged(certificate.error().Text());
  if (UriNamesOf(**certificate) != std::vector<std::string>{trust_domain.IdText()}) {
    return Damaged("the certificate is not of " + trust_domain.IdText());
  }
  auto key = LoadP256Key(key_der->Reveal());
  if (!key) return Damaged(key.error().Text());
  auto signer = Signer::Create(*std::move(certificate), *std::move(key), {});
  if (!signer) return Damaged(signer.error().Text());
  if (!(*signer)->self_signed()) return Damaged("the certificate's signature is wrong");
  return *std::move(signer);
}

}  // namespace surety
