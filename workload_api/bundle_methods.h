#pragma once

#include "surety/bundle_actions.h"
#include "workload_api/admin_gate.h"
#include "workload_api/method_table.h"

namespace surety {

/// The operator's methods for bundles. `bundles` and `gate` outlive the table.
void AddBundleMethods(MethodTable& methods, BundleActions& bundles, AdminGate& gate);

}  // namespace surety
