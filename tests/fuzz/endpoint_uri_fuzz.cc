// What is accepted as an endpoint is a path that connect(2) can take, and is
// the same path when it is written out and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/command/endpoint_uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view uri(reinterpret_cast<const char*>(data), size);
  const auto path = surety::ParseEndpointUri(uri);
  if (!path) return 0;
  const bool usable = path->starts_with('/') && !path->ends_with('/') && path->size() <= 107 &&
                      path->find('\0') == std::string::npos;
  const auto again = surety::ParseEndpointUri(surety::EndpointUriOf(*path));
  if (!usable || !again || *again != *path) std::abort();
  return 0;
}
