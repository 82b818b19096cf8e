#include "agent/sinks/sink_files.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "agent/issuance/certificate_view.h"
#include "agent/issuance/pkcs12.h"

namespace surety {
namespace {

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

SecretBytes CertificatesPem(const std::vector<std::string>& certificates_der) {
  std::string pem;
  for (const std::string& der : certificates_der) pem += CertificatePem(der);
  return SecretBytes(BytesOf(pem));
}

SecretBytes CrlsPem(const std::vector<std::string>& crls_der) {
  std::string pem;
  for (const std::string& der : crls_der) pem += CrlPem(der);
  return SecretBytes(BytesOf(pem));
}

SecretBytes Joined(const SecretBytes& first, const SecretBytes& second) {
  std::vector<std::uint8_t> bytes;
  // At once, so that no smaller one is left behind unwiped.
  bytes.reserve(first.Reveal().size() + second.Reveal().size());
  for (const SecretBytes* part : {&first, &second})
    bytes.insert(bytes.end(), part->Reveal().begin(), part->Reveal().end());
  return SecretBytes(std::move(bytes));
}

Result<void> AddIdentity(const X509Svid& svid, SinkLayout layout, const std::string& password,
                         std::vector<SinkFile>& files) {
  switch (layout) {
    case SinkLayout::kPem:
      files.push_back({.name = "svid.pem", .bytes = CertificatesPem(svid.chain_der)});
      files.push_back({.name = "key.pem", .bytes = PrivateKeyPem(svid.key_der), .holds_key = true});
      break;
    case SinkLayout::kCombined:
      files.push_back(
          {.name = "combined.pem",
           .bytes = Joined(CertificatesPem(svid.chain_der), PrivateKeyPem(svid.key_der)),
           .holds_key = true});
      break;
    case SinkLayout::kPkcs12: {
      auto made = MakePkcs12(svid.key_der, svid.chain_der, svid.id.Text(), password);
      if (!made) return made.error();
      files.push_back({.name = "svid.p12", .bytes = *std::move(made), .holds_key = true});
      break;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<SinkFile>> MakeSinkFiles(const SvidUpdate& update, SinkLayout layout,
                                            const std::string& password) {
  if (update.bundles->crls_left_out)
    return Error(ErrorCode::kUnavailable,
                 "the revocation lists are too large, and files are not written without them");
  std::vector<SinkFile> files;
  if (auto added = AddIdentity(*update.svids.front(), layout, password, files); !added)
    return added.error();
  files.push_back(
      {.name = "bundle.pem", .bytes = CertificatesPem(update.bundles->x509_authorities)});
  files.push_back({.name = "crl.pem", .bytes = CrlsPem(update.bundles->crls)});
  return files;
}

bool MakeTheSameFiles(const SvidUpdate& one, const SvidUpdate& other) {
  if (one.svids.front() != other.svids.front()) return false;
  return one.bundles == other.bundles ||
         (one.bundles->x509_authorities == other.bundles->x509_authorities &&
          one.bundles->crls == other.bundles->crls &&
          one.bundles->crls_left_out == other.bundles->crls_left_out);
}

}  // namespace surety
