#pragma once

#include <functional>

#include "surety/admin_actions.h"
#include "surety/daemon_status.h"
#include "workload_api/method_table.h"

namespace surety {

/// The operator's side, on a socket of its own. Who may connect is settled when
/// a connection is accepted. `status` gives the whole status; `actions` outlives
/// the table.
MethodTable AdminMethods(std::function<DaemonStatus()> status, AdminActions& actions);

}  // namespace surety
