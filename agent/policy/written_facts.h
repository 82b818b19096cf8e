#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/identity/diagnostic.h"
#include "agent/policy/written_values.h"

namespace surety {

inline constexpr std::size_t kMaxWrittenBytes = std::size_t{1} << 20;

/// The facts of a request, complete and as facts.h makes them, from those that people
/// wrote. nullopt after adding all that is wrong, with places.
std::optional<std::string> FactsFrom(const WrittenValues& written, FileDiagnostics& diagnostics);

}  // namespace surety
