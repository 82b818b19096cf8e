#pragma once

#include <grpcpp/server_context.h>

#include <cstddef>

#include "surety/result.h"

namespace surety {

/// Of names, values and 32 bytes for each pair (RFC 9113 section 6.5.2). Callers
/// of the Workload API send a few hundred.
inline constexpr std::size_t kMaxMetadataBytes = 8UL * 1024;

/// kResourceExhausted with more than kMaxMetadataBytes: gRPC holds a client to
/// that limit only from when it has acknowledged the server's settings, which is
/// for the client to choose.
Result<void> CheckMetadataSize(const grpc::ServerContextBase& context);

/// kInvalidArgument unless the call carries `workload.spiffe.io: true`, once and
/// spelled exactly so (SPIFFE_Workload_Endpoint.md section 6): proof that no one
/// tricked the caller into it.
Result<void> CheckSecurityHeader(const grpc::ServerContextBase& context);

}  // namespace surety
