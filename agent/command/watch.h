#pragma once

#include <ostream>
#include <stop_token>

#include "agent/command/endpoint_uri.h"
#include "agent/command/flags.h"
#include "agent/command/waiter.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/workload_client.h"

namespace surety {

/// `surety watch`: prints one line to `out` for each update, for each end of a
/// stream and for each message that cannot be used, and flushes it. Connects
/// again after 1 s, 2 s ... 30 s; an update sets that back to 1 s.
///
/// Ends well when `stop` is requested, by whomever, or after `flags.count`
/// updates, for which it requests `stop` itself. Ends with the daemon's
/// kInvalidArgument, after which a client must not ask again, and with
/// kUnavailable when `out` takes no more.
Result<void> Watch(const WatchFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                   const Clock& clock, Waiter& waiter, std::stop_source stop, std::ostream& out);

}  // namespace surety
