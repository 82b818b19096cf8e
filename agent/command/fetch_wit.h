#pragma once

#include <ostream>

#include "agent/command/endpoint_uri.h"
#include "agent/command/flags.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/workload_client.h"

namespace surety {

/// `surety fetch wit`: asks once, checks the answer, writes it to files where that is asked
/// for, and prints it to `out`. Prints nothing on an error, which is the client's, CheckWit's
/// or WriteWitFiles's. A key never reaches `out`.
Result<void> FetchWit(const FetchWitFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                      const Clock& clock, std::ostream& out);

}  // namespace surety
