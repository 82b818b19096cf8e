#include "workload_api/client/call_error.h"

#include <algorithm>

namespace surety {
namespace {

// A status message is a header of bounded size, but a line on a terminal should
// be shorter still.
constexpr std::size_t kMaxMessageBytes = 1024;

ErrorCode CodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT: return ErrorCode::kInvalidArgument;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED: return ErrorCode::kPermissionDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return ErrorCode::kResourceExhausted;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return ErrorCode::kDeadline;
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::NOT_FOUND: return ErrorCode::kNotFound;
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN: return ErrorCode::kInternal;
    case grpc::StatusCode::DATA_LOSS: return ErrorCode::kDataLoss;
    default: return ErrorCode::kUnavailable;
  }
}

std::string Plain(std::string text) {
  if (text.size() > kMaxMessageBytes) text.resize(kMaxMessageBytes);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?');
  return text;
}

std::string MessageOf(const grpc::Status& status) {
  if (status.ok()) return "the stream was ended";
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return "no answer in time";
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
    return "what listens there does not offer this call: " + status.error_message();
  if (status.error_message().empty()) return "no reason was given";
  return status.error_message();
}

}  // namespace

Error ErrorOfCall(const grpc::Status& status, const std::string& where) {
  return {CodeOf(status.error_code()), where + ": " + Plain(MessageOf(status))};
}

}  // namespace surety
