#pragma once

#include <nlohmann/json.hpp>

#include "agent/identity/diagnostic.h"
#include "agent/policy/written_values.h"

namespace surety {

/// Every fact there can be, with a value of its type: what surety.cedarschema says, for
/// telling people where they depart from it. A test holds the two together.
const nlohmann::ordered_json& FactShape();

/// Whether each value is a fact, of its type, and one of its words where it has few.
/// Adds an error for each that is not.
bool FitsShape(const WrittenValues& written, FileDiagnostics& diagnostics);

}  // namespace surety
