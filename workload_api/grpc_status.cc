#include "workload_api/grpc_status.h"

namespace surety {
namespace {

grpc::StatusCode CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kNotFound: return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kPermissionDenied: return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kResourceExhausted: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    default: return grpc::StatusCode::UNAVAILABLE;
  }
}

}  // namespace

grpc::Status StatusOf(const Error& error) { return {CodeOf(error.code()), error.Text()}; }

grpc::Status TooManyCalls() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many calls that end at once, from this process or its relatives; keep the stream "
          "open, use a token until it is about to expire "
          "(limits.short_calls_per_second_per_lineage)"};
}

}  // namespace surety
