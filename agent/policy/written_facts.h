#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/identity/diagnostic.h"

namespace surety {

struct WrittenValues;

inline constexpr std::size_t kMaxWrittenBytes = std::size_t{1} << 20;

/// The facts of a request, complete and as facts.h makes them, from those that people
/// wrote (docs/policy.md, "Facts in cases"). nullopt after adding all that is wrong, with
/// places.
std::optional<std::string> FactsFrom(const WrittenValues& written, FileDiagnostics& diagnostics);

/// The same from a text: TOML, or JSON if it begins with a brace.
std::optional<std::string> ReadFacts(std::string_view text, FileDiagnostics& diagnostics);

}  // namespace surety
