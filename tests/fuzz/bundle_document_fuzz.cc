// Bundles come from other trust domains: what is read says the same when it is read again,
// and holds no key that nobody can verify with.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/federation/bundle_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto other = surety::TrustDomain::Parse("other.org");
  const auto bundle = surety::ReadBundleDocument(*other, text);
  if (!bundle) return 0;
  const auto again = surety::ReadBundleDocument(*other, bundle->document);
  if (!again || !again->TrustsTheSameAs(*bundle)) std::abort();
  // What workloads get is a bundle document too, of the same keys and no others.
  const auto tokens = surety::ReadBundleDocument(*other, bundle->jwt_keys);
  if (!tokens || tokens->jwt_keys != bundle->jwt_keys || !tokens->x509_authorities.empty())
    std::abort();
  if (tokens->jwt_key_ring->size() != bundle->jwt_key_ring->size()) std::abort();
  return 0;
}
