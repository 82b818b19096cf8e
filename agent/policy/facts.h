#pragma once

#include <string>

#include "surety/policy.h"

namespace surety {

/// The facts of a request as the JSON object of docs/policy.md: "action" first, then
/// "principal", "identity" and every attribute of the context, in a fixed order. It
/// keeps to surety.cedarschema whatever is in the request. Pure: the same request has
/// the same text.
std::string FactsOf(const PolicyRequest& request);

}  // namespace surety
