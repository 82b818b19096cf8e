#pragma once

#include <toml++/toml.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "agent/identity/diagnostic.h"

namespace surety {

/// Values that people wrote, and where. Of TOML's types dates and times become null:
/// no fact is one.
struct WrittenValues {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  std::map<std::string, Position, std::less<>> places;  ///< By path: "drift.gained[0]".

  /// Of what stands at a path, else of what it would stand in.
  [[nodiscard]] Position At(std::string_view path) const;
};

/// The values of a table; the path of the table itself is "".
WrittenValues ValuesOf(const toml::table& table);

/// Reads a text that is a JSON object, if it begins as one, else TOML. JSON has a
/// place only where its syntax is wrong. nullopt after adding what is wrong.
std::optional<WrittenValues> ReadValues(std::string_view text, FileDiagnostics& diagnostics);

}  // namespace surety
