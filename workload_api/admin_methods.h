#pragma once

#include <functional>

#include "surety/daemon_status.h"
#include "workload_api/method_table.h"

namespace surety {

/// The operator's side, on a socket of its own. Who may connect is settled when
/// a connection is accepted. `status` gives the whole status.
MethodTable AdminMethods(std::function<DaemonStatus()> status);

}  // namespace surety
