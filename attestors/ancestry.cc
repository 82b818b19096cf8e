#include "attestors/ancestry.h"

#include <algorithm>
#include <iterator>

namespace surety {

std::size_t CountOwn(const std::vector<Link>& chain) {
  const auto highest_user =
      std::find_if(chain.rbegin(), chain.rend(), [](const Link& link) { return link.uid != 0; });
  auto own = static_cast<std::size_t>(std::distance(highest_user, chain.rend()));
  own = std::max<std::size_t>(own, 1);
  while (own < chain.size() && chain[own].key.pid == chain[own - 1].session) ++own;
  return own;
}

std::optional<std::uint32_t> FindLogin(const std::vector<Link>& chain) {
  const auto login = chain.front().login;
  if (!login) return std::nullopt;
  const auto outside = std::find_if(chain.begin(), chain.end(),
                                    [&](const Link& link) { return link.login != login; });
  return std::prev(outside)->uid == 0 ? login : std::nullopt;
}

}  // namespace surety
