// Certificates come from whatever listens on the socket: splitting them keeps
// every byte, and looking into one never fails other than with an Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/issuance/certificate_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view der(reinterpret_cast<const char*>(data), size);
  const auto certificates = surety::SplitCertificates(der);
  if (!certificates) return 0;
  std::string joined;
  for (const std::string& certificate : *certificates) {
    joined += certificate;
    static_cast<void>(surety::ViewCertificate(certificate));
    static_cast<void>(
        surety::CheckKeyBelongsTo(surety::SecretBytes(std::span(data, size)), certificate));
  }
  if (joined != der) std::abort();
  return 0;
}
