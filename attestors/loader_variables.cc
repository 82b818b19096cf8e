#include "attestors/loader_variables.h"

#include <algorithm>

namespace surety {

std::vector<std::string_view> FindLoaderVariables(std::string_view environment) {
  std::array<bool, kLoaderVariables.size()> set{};
  while (!environment.empty()) {
    const std::string_view entry = environment.substr(0, environment.find('\0'));
    environment.remove_prefix(std::min(environment.size(), entry.size() + 1));
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || equals + 1 == entry.size()) continue;
    const auto known =
        std::find(kLoaderVariables.begin(), kLoaderVariables.end(), entry.substr(0, equals));
    if (known != kLoaderVariables.end())
      set.at(static_cast<std::size_t>(known - kLoaderVariables.begin())) = true;
  }
  std::vector<std::string_view> found;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set.at(i)) found.push_back(kLoaderVariables.at(i));
  }
  return found;
}

}  // namespace surety
