#include "agent/issuance/published_view.h"

#include <array>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/openssl_handles.h"

namespace surety {

std::vector<std::string> DigestsOf(const std::vector<std::string>& certificates) {
  std::vector<std::string> digests;
  for (const std::string& certificate : certificates) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(certificate.data(), certificate.size(), digest.data(), &length, EVP_sha256(),
                   nullptr) != 1) {
      length = 0;
    }
    digests.push_back(Hex(AsText(std::span(digest).first(length))));
  }
  return digests;
}

}  // namespace surety
