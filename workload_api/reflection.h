#pragma once

#include <string>
#include <vector>

#include "workload_api/method_table.h"

namespace surety {

/// Adds gRPC's server reflection (v1 and v1alpha) to a table, for these services
/// and itself. The distribution's plug-in would hold a thread for each client.
void AddReflection(MethodTable& methods, std::vector<std::string> services);

}  // namespace surety
