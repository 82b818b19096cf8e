#include "attestors/systemd_path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

namespace surety {
namespace {

constexpr std::size_t kMaxUnitName = 255;
constexpr std::array<std::string_view, 5> kKinds{".service", ".scope", ".socket", ".mount",
                                                 ".swap"};

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
         c == '-' || c == '_' || c == '.' || c == '\\' || c == '@';
}

bool IsSlice(std::string_view part) { return part.size() > 6 && part.ends_with(".slice"); }

// A part whose name would be taken for the kernel's own file is written with a '_'
// in front.
std::string_view Unescaped(std::string_view part) {
  if (part.starts_with('_')) part.remove_prefix(1);
  return part;
}

bool IsUnitName(std::string_view name) {
  const auto ends_like = [name](std::string_view kind) {
    return name.size() > kind.size() && name.ends_with(kind);
  };
  return name.size() <= kMaxUnitName && std::all_of(name.begin(), name.end(), IsNameByte) &&
         std::any_of(kKinds.begin(), kKinds.end(), ends_like);
}

// The part that begins behind the '/' at `begin`.
std::string_view PartAt(std::string_view path, std::size_t begin) {
  const std::string_view rest = path.substr(begin + 1);
  return rest.substr(0, rest.find('/'));
}

std::optional<uid_t> UidOfManager(std::string_view name) {
  constexpr std::string_view kPrefix = "user@";
  constexpr std::string_view kSuffix = ".service";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), uid);
  const bool canonical = name == "0" || !name.starts_with('0');
  if (error != std::errc() || end != name.data() + name.size() || !canonical ||
      uid == std::numeric_limits<uid_t>::max())
    return std::nullopt;
  return uid;
}

}  // namespace

std::optional<UnitCgroup> FindUnitCgroup(std::string_view path) {
  std::size_t begin = 0;
  while (begin < path.size() && path[begin] == '/') {
    const std::string_view part = PartAt(path, begin);
    const std::size_t end = begin + 1 + part.size();
    if (!IsSlice(part)) {
      const std::string_view name = Unescaped(part);
      if (!IsUnitName(name)) return std::nullopt;
      return UnitCgroup{path.substr(0, end), std::string(name)};
    }
    begin = end;
  }
  return std::nullopt;
}

std::optional<UserUnit> FindUserUnit(std::string_view path) {
  const auto manager = FindUnitCgroup(path);
  if (!manager) return std::nullopt;
  const auto uid = UidOfManager(manager->name);
  if (!uid) return std::nullopt;
  auto unit = FindUnitCgroup(path.substr(manager->path.size()));
  if (!unit) return std::nullopt;
  return UserUnit{*uid, std::move(unit->name)};
}

}  // namespace surety
