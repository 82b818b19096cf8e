#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/command/json_text.h"
#include "agent/identity/diagnostic.h"
#include "agent/policy/rule.h"
#include "surety/policy.h"

namespace surety {

/// A policy with what its annotations say.
Json JsonOf(const Rule& rule);

/// As the audit log has them: only those that are there, spans in seconds.
Json JsonOf(const Obligations& obligations);

/// Verdict, reason, policies, observed, errors, obligations.
Json JsonOf(const Decision& decision);

/// What is wrong, with places.
Json JsonOf(const Diagnostics& diagnostics);

/// "refuse drift.executable (revoke)".
std::string DecisionWords(Verdict verdict, std::string_view reason, const Obligations& obligations);

/// "FILE:LINE".
std::string PlaceOf(const Rule& rule);

}  // namespace surety
