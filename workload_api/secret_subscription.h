#pragma once

#include <string>

#include "workload_api/request_rate.h"
#include "workload_api/secret_exchange.h"
#include "workload_api/secret_report.h"

namespace surety {

/// What a stream of secrets has beside other streams. The report outlives it.
struct SecretSubscription {
  SecretReport& report;
  bool once = false;      ///< FetchSecrets: one response, and the call is over.
  std::string node = {};  ///< What the client calls itself.
  SecretExchange exchange = {};
  /// An Envoy sends one for each response, which come seconds apart.
  RequestRate requests{32, 4};
};

}  // namespace surety
