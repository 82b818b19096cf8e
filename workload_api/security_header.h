#pragma once

#include <grpcpp/server_context.h>

#include "surety/result.h"

namespace surety {

/// Whether the call carries `workload.spiffe.io: true`, once and spelled exactly
/// so (SPIFFE_Workload_Endpoint.md section 6): proof that no one tricked the
/// caller into it. kInvalidArgument otherwise. Checked before anything else.
Result<void> CheckSecurityHeader(const grpc::CallbackServerContext& context);

}  // namespace surety
