#pragma once

#include "agent/identity/tcp_address.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// A TCP socket that listens there, and that does not block. On [::] it takes IPv4 as well.
/// kUnavailable says why not, and what to do.
Result<UniqueFd> ListenOnTcp(const TcpAddress& address);

}  // namespace surety
