#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/identity/diagnostic.h"
#include "agent/policy/policy_set.h"

namespace surety {

/// Where policies come from.
struct PolicySource {
  std::string folder;                     ///< Of "*.cedar" files; empty: the built-in policy alone.
  BuiltIn built_in = BuiltIn::kReplaced;  ///< Where there is a folder.
};

/// What was read there.
struct SourcedPolicies {
  std::shared_ptr<const PolicySet> policies;      ///< Not null.
  std::optional<std::int64_t> folder_revision{};  ///< Of revision.toml.
};

/// Reads, validates and puts together what a source has. nullopt after adding all that
/// is wrong to `diagnostics`; warnings do no harm.
std::optional<SourcedPolicies> ReadPolicies(const PolicySource& source, Diagnostics& diagnostics);

}  // namespace surety
