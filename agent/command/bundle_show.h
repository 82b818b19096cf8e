#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/admin_client.h"
#include "surety/result.h"

namespace surety {

/// `surety bundle show`: the daemon's bundle as the SPIFFE bundle document that it gave, or
/// the X.509 authorities of it as PEM; or the one that it holds of another, or all of them as a
/// bundle map. Prints nothing on an error, which is the client's, or kDataLoss if a document is
/// none.
Result<void> ShowBundle(const BundleShowFlags& flags, AdminClient& client, std::ostream& out);

}  // namespace surety
