// Files of an authority as a crash, a bad disk or a confused operator leaves
// them: ours, an operator's, and the manifest.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/manifest.h"
#include "agent/issuance/pem_reader.h"
#include "agent/issuance/root_authority.h"

namespace {

void Require(bool held) {
  if (!held) std::abort();
}

// What is taken as ours signs, and for our trust domain.
void TryRoot(std::span<const std::uint8_t> bytes) {
  static const auto trust_domain = *surety::TrustDomain::Parse("example.org");
  const auto signer = surety::ParseRoot(bytes, trust_domain);
  if (!signer) return;
  Require((*signer)->self_signed() && (*signer)->serial().size() <= 2 * bytes.size());
  Require((*signer)->Sign("x").has_value());
}

// Certificates are the same after printing and parsing.
void TryCertificates(std::span<const std::uint8_t> bytes) {
  const auto certificates = surety::ParseCertificates(bytes);
  if (!certificates) return;
  for (const auto& certificate : *certificates) {
    const std::string der = surety::DerOf(*certificate);
    const auto again = surety::ParseCertificate(surety::AsBytes(der));
    Require(again && surety::DerOf(**again) == der);
    (void)surety::UriNamesOf(*certificate);
  }
}

void TryManifest(std::span<const std::uint8_t> bytes) {
  const auto manifest = surety::ParseManifest(surety::AsText(bytes));
  if (!manifest) return;
  const auto again = surety::ParseManifest(surety::PrintManifest(*manifest));
  Require(again && *again == *manifest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  TryRoot(bytes);
  TryCertificates(bytes);
  (void)surety::ParsePrivateKey(bytes);
  TryManifest(bytes);
  return 0;
}
