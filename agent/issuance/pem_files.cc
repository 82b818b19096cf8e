#include "agent/issuance/pem_files.h"

#include "agent/issuance/pem_reader.h"
#include "agent/issuance/secret_file.h"

namespace surety {
namespace {

constexpr std::size_t kLargestCertificateFile = 1'048'576;
constexpr std::size_t kLargestKeyFile = 16'384;

}  // namespace

Result<std::vector<CertificatePtr>> ReadCertificateFile(const std::string& path) {
  const auto text = ReadGuardedFile(path, FileSecrecy::kPublic, kLargestCertificateFile);
  if (!text) return text.error();
  auto certificates = ParseCertificates(text->Reveal());
  if (!certificates) return certificates.error().Within(path);
  return certificates;
}

Result<PKeyPtr> ReadKeyFile(const std::string& path, bool credential) {
  const auto text = ReadGuardedFile(
      path, credential ? FileSecrecy::kCredential : FileSecrecy::kSecret, kLargestKeyFile);
  if (!text) return text.error();
  auto key = ParsePrivateKey(text->Reveal());
  if (!key) return key.error().Within(path);
  return key;
}

}  // namespace surety
