#pragma once

#include <nlohmann/json.hpp>

namespace surety {

/// Completes facts of which only some are written: the others are those of an honest
/// service, and what follows from other facts follows here as it does in the daemon
/// (docs/policy.md, "Facts in cases"). `written` fits the shape (fact_shape.h). The result
/// is in the order that facts.h demands.
nlohmann::ordered_json CompletedFacts(const nlohmann::ordered_json& written);

}  // namespace surety
