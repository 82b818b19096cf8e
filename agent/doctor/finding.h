#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace surety {

enum class Health {
  kOk,
  kWarning,  ///< Works, but less well than it could, or not for long.
  kBroken,   ///< Does not work, or is not safe.
};
std::string_view NameOf(Health health);

/// What one look at an installation has shown.
struct Finding {
  std::string check;  ///< What was looked at: "state.folder".
  Health health = Health::kOk;
  std::string what;  ///< What is so, in plain words; if it is not well, the cause.
  std::string mend;  ///< What to do. Empty only if all is well.
};
using Diagnosis = std::vector<Finding>;

inline Finding Ok(std::string check, std::string what) {
  return {std::move(check), Health::kOk, std::move(what), {}};
}
inline Finding Warning(std::string check, std::string what, std::string mend) {
  return {std::move(check), Health::kWarning, std::move(what), std::move(mend)};
}
inline Finding Broken(std::string check, std::string what, std::string mend) {
  return {std::move(check), Health::kBroken, std::move(what), std::move(mend)};
}

/// Whether nothing is broken.
bool IsSound(const Diagnosis& findings);

}  // namespace surety
