#pragma once

#include <istream>
#include <ostream>

#include "agent/command/endpoint_uri.h"
#include "agent/command/flags.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/workload_client.h"

namespace surety {

/// `surety fetch jwt`: asks once for tokens and prints them, since they are there to be
/// sent. Prints nothing on an error: the client's, or that of a token which is not what
/// was asked for.
Result<void> FetchJwt(const FetchJwtFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                      const Clock& clock, std::ostream& out);

/// `surety validate jwt`: has the daemon say whether a token, from a file or the standard
/// input, is to be believed, and prints what it says.
Result<void> ValidateJwt(const ValidateJwtFlags& flags, WorkloadClient& client,
                         const Endpoint& endpoint, std::istream& in, std::ostream& out);

}  // namespace surety
