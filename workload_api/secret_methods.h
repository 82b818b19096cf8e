#pragma once

#include <string>

#include "workload_api/method_table.h"
#include "workload_api/secret_names.h"
#include "workload_api/secret_report.h"
#include "workload_api/stream_board.h"

namespace surety {

/// "envoy.service.secret.v3.SecretDiscoveryService".
const std::string& SecretServiceName();

/// Envoy's secret discovery service, v3: StreamSecrets and FetchSecrets. What they give
/// is decided as for the Workload API. Board and report outlive the table.
void AddSecretMethods(MethodTable& methods, StreamBoard& board, const SecretNames& names,
                      SecretReport& report);

}  // namespace surety
