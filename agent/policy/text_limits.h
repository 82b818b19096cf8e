#pragma once

#include <cstddef>
#include <string_view>

#include "agent/identity/diagnostic.h"

namespace surety {

inline constexpr std::size_t kMaxPolicyBytes = 16'384;
inline constexpr std::size_t kMaxPolicyDepth = 64;

/// Refuses what Cedar's parser, which recurses, should not be given: a policy of more
/// than kMaxPolicyBytes, or with brackets more than kMaxPolicyDepth deep. Adds one
/// error for the first place. True if nothing was wrong.
bool KeepsTextLimits(std::string_view text, FileDiagnostics& diagnostics);

}  // namespace surety
