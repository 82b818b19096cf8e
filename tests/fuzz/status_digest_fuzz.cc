#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/watch/status_digest.h"

// A digest's own lines have that very digest, whatever stood between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto digest = surety::DigestOf(text);
  const auto lines = digest.users + digest.groups + digest.tracer + digest.session + digest.powers;
  if (surety::DigestOf(lines) != digest || lines.size() > size + 1) std::abort();
  return 0;
}
