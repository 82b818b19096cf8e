// What `surety fetch wit` is told: a token, and behind the first zero byte its key. Whatever
// is taken has three parts and a key that is no secret of another's.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command/checked_wit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view token = all.substr(0, all.find('\0'));
  const std::string_view key = all.substr(token.size() < size ? token.size() + 1 : size);
  const auto checked = surety::CheckWit(
      {.spiffe_id = "spiffe://example.org/web",
       .token = std::string(token),
       .key_jwk = surety::SecretBytes(std::vector<std::uint8_t>(key.begin(), key.end())),
       .hint = {}});
  if (!checked) return 0;
  if (checked->token != token || checked->key_jwk.Reveal().size() != key.size()) std::abort();
  if (std::count(token.begin(), token.end(), '.') < 2) std::abort();
  return 0;
}
