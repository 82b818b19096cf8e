#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/policy.h"

namespace surety {

/// What is to be done, for people: "quarantine 1h" (which revokes and alerts as well),
/// "revoke", "alert", "ttl_cap 5m". Empty if nothing is.
std::vector<std::string> WordsOf(const Obligations& obligations);

/// Adds what one such word says. False if it says nothing.
bool AddObligation(std::string_view word, Obligations& obligations);

}  // namespace surety
