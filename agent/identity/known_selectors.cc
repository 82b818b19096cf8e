#include "agent/identity/known_selectors.h"

#include <algorithm>
#include <array>

namespace surety {
namespace {

std::string_view TypeOf(std::string_view kind) { return kind.substr(0, kind.find(':')); }

bool Contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool KnownSelectors::HasType(std::string_view type) const {
  return known_.empty() || Contains(Types(), type);
}

bool KnownSelectors::HasKind(std::string_view kind) const {
  const auto kinds = KindsOf(TypeOf(kind));
  return kinds.empty() || Contains(kinds, kind);
}

std::vector<std::string_view> KnownSelectors::Types() const {
  std::vector<std::string_view> types;
  for (const std::string_view known : known_)
    if (!Contains(types, TypeOf(known))) types.push_back(TypeOf(known));
  return types;
}

std::vector<std::string_view> KnownSelectors::KindsOf(std::string_view type) const {
  std::vector<std::string_view> kinds;
  for (const std::string_view known : known_) {
    if (known == type) return {};
    if (TypeOf(known) == type) kinds.push_back(known);
  }
  return kinds;
}

std::string KnownSelectors::SectionOf(std::string_view type) {
  constexpr std::array<std::string_view, 3> kSwitched{"docker", "podman", "k8s"};
  const bool known = std::find(kSwitched.begin(), kSwitched.end(), type) != kSwitched.end();
  return known ? "[attestors." + std::string(type) + "]" : "";
}

}  // namespace surety
