#pragma once

#include <grpcpp/support/status.h>

#include "surety/result.h"

namespace surety {

/// What a caller is told of an error. Clients give up for good on
/// INVALID_ARGUMENT and CANCELLED, so nothing transient becomes one of them:
/// whatever is neither the caller's fault nor a refusal is UNAVAILABLE
/// (SPIFFE_Workload_Endpoint.md section 6).
grpc::Status StatusOf(const Error& error);

/// What those are told whom the limit on short calls keeps out.
grpc::Status TooManyCalls();

}  // namespace surety
