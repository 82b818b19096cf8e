#pragma once

#include <istream>
#include <ostream>

#include "agent/command/flags.h"
#include "surety/admin_client.h"
#include "surety/result.h"

namespace surety {

// What operators order of bundles of other trust domains. Each prints to `out` what became
// of the order and nothing on an error, which is the client's or names the file.

/// `surety bundle list`.
Result<void> ListBundles(const BundleListFlags& flags, AdminClient& client, std::ostream& out);
/// `surety bundle set`; `in` is the standard input.
Result<void> SetBundle(const BundleSetFlags& flags, AdminClient& client, std::istream& in,
                       std::ostream& out);
/// `surety bundle delete`.
Result<void> DeleteBundle(const BundleDeleteFlags& flags, AdminClient& client, std::ostream& out);

}  // namespace surety
