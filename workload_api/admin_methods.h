#pragma once

#include <functional>

#include "surety/admin_actions.h"
#include "surety/daemon_status.h"
#include "workload_api/admin_gate.h"
#include "workload_api/method_table.h"

namespace surety {

/// The operator's side, on a socket of its own. Every call asks the gate again.
/// `status` gives the whole status; `actions` and `gate` outlive the table.
MethodTable AdminMethods(std::function<DaemonStatus()> status, AdminActions& actions,
                         AdminGate& gate);

}  // namespace surety
