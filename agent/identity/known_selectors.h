#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// What the attestors that run can make (EntryRules::known_selectors). Borrows the
/// list.
class KnownSelectors {
 public:
  explicit KnownSelectors(const std::vector<std::string>& known) : known_(known) {}

  /// Whether some attestor makes selectors of this type: "unix". True of any type
  /// if the list is empty.
  [[nodiscard]] bool HasType(std::string_view type) const;
  /// Whether one of this kind may be made: "unix:uid". True of any kind of a type
  /// that is listed without its kinds, or not at all.
  [[nodiscard]] bool HasKind(std::string_view kind) const;

  [[nodiscard]] std::vector<std::string_view> Types() const;
  /// Empty if the type is listed without its kinds, or not at all.
  [[nodiscard]] std::vector<std::string_view> KindsOf(std::string_view type) const;

  /// The section of the configuration that switches the attestor of this type on:
  /// "[attestors.docker]". Empty of one that is always on, and of an unknown one.
  [[nodiscard]] static std::string SectionOf(std::string_view type);

 private:
  const std::vector<std::string>& known_;
};

}  // namespace surety
