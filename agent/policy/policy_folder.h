#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/policy/cedar_policies.h"

namespace surety {

inline constexpr std::size_t kMaxPolicyFiles = 200;
inline constexpr std::size_t kMaxPolicyFileBytes = std::size_t{1} << 20;
inline constexpr std::string_view kRevisionFile = "revision.toml";

/// What a folder of policies holds.
struct PolicyFolder {
  std::vector<PolicyText> texts;         ///< "*.cedar", in the order of their names.
  std::optional<std::int64_t> revision;  ///< Of revision.toml, if there is one.
};

/// Reads a folder of policies. Folder and files belong to root or to our own uid and
/// nobody else can write to them, else that is an error. Adds all that is wrong to
/// `diagnostics`, with a warning for each file that looks like a policy and is none by
/// its name. What is returned is whole only if there was no error. The texts are
/// within KeepsTextLimits, and otherwise as they stand.
PolicyFolder ReadPolicyFolder(const std::string& folder, Diagnostics& diagnostics);

}  // namespace surety
