#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "surety/spiffe_id.h"

// Whatever is taken prints as the same bytes, and is within the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto id = surety::SpiffeId::Parse(text)) {
    if (id->Text() != text || text.size() > 2048) std::abort();
    if (id->trust_domain().name().size() > 255) std::abort();
    if (!id->path().empty() && id->path().back() == '/') std::abort();
  }
  if (const auto name = surety::TrustDomain::Parse(text)) {
    if (name->name() != text) std::abort();
    if (!surety::SpiffeId::Parse(name->IdText())) std::abort();
  }
  return 0;
}
