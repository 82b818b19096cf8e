// What workload-api-conformance reads of a server that may send it anything.
#include <algorithm>
#include <cstdint>
#include <string>

#include "conformance/certificate.h"
#include "conformance/forged_token.h"
#include "conformance/key_pair.h"
#include "conformance/token.h"

namespace {

void LookAt(const std::vector<conformance::Certificate>& chain) {
  for (const auto& one : chain) {
    conformance::UriNames(one.get());
    conformance::KeyUsage(one.get());
    conformance::ExtendedKeyUsage(one.get());
    conformance::IsCa(one.get());
  }
  // Every certificate as a root costs a signature each, which finds nothing more.
  if (chain.size() < 4) conformance::PathProblem(chain, chain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto chain = conformance::ReadCertificates(text)) LookAt(*chain);
  conformance::ReadPkcs8(text);
  conformance::IsCrl(text);
  // A token and, after a line's end, the JWK Set that may verify it.
  const auto line = std::min(text.find('\n'), text.size());
  const auto token = conformance::ReadToken(text.substr(0, line));
  const auto keys = conformance::ReadJwkSet(text.substr(std::min(line + 1, text.size())));
  if (!token || !keys) return 0;
  for (const auto& jwk : *keys) {
    if (const auto key = conformance::PublicKeyOf(jwk)) conformance::IsSignedBy(*token, key.get());
    conformance::IsPrivateHalfOf(jwk, jwk);
    conformance::Forge(*token, text.substr(0, line), jwk);
  }
  return 0;
}
