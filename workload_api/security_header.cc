#include "workload_api/security_header.h"

namespace surety {

Result<void> CheckSecurityHeader(const grpc::CallbackServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range("workload.spiffe.io");
  const bool once = first != last && std::next(first) == last;
  if (once && first->second == "true") return {};
  return Error(ErrorCode::kInvalidArgument,
               "security header missing: send the metadata workload.spiffe.io: true exactly once");
}

}  // namespace surety
