#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/policy/cedar_policies.h"

namespace surety {

/// The name of a set of policies in force under a mode: the first 16 hex digits of the
/// SHA-256 over all of its texts and `mode`. Equal for equal texts in the same order,
/// whatever the files are called.
std::string RevisionOf(const std::vector<PolicyText>& texts, std::string_view mode);

}  // namespace surety
