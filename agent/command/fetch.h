#pragma once

#include <ostream>

#include "agent/command/endpoint_uri.h"
#include "agent/command/flags.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/workload_client.h"

namespace surety {

/// `surety fetch x509`: asks once, checks the answer, writes it to files where
/// that is asked for, and prints it to `out`. Prints nothing on an error, which
/// is the client's, CheckUpdate's or WriteSvidFiles's. A key never reaches `out`.
Result<void> FetchX509(const FetchFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                       const Clock& clock, std::ostream& out);

}  // namespace surety
