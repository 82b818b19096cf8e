#include "workload_api/call_metadata.h"

#include <iterator>
#include <string>

namespace surety {
namespace {

constexpr std::size_t kBytesPerPair = 32;

}  // namespace

Result<void> CheckMetadataSize(const grpc::ServerContextBase& context) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : context.client_metadata())
    bytes += name.size() + value.size() + kBytesPerPair;
  if (bytes > kMaxMetadataBytes)
    return Error(ErrorCode::kResourceExhausted,
                 "the call carries " + std::to_string(bytes) + " bytes of metadata; at most " +
                     std::to_string(kMaxMetadataBytes) + " are accepted");
  return {};
}

Result<void> CheckSecurityHeader(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("workload.spiffe.io");
  const bool once = first != last && std::next(first) == last;
  if (once && first->second == "true") return {};
  return Error(ErrorCode::kInvalidArgument,
               "security header missing: send the metadata workload.spiffe.io: true exactly once");
}

}  // namespace surety
