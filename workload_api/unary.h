#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>

#include <memory>
#include <utility>

#include "workload_api/call.h"
#include "workload_api/grpc_status.h"

namespace surety {

/// Reads one request. False if the bytes are no such message.
template <typename Request>
bool ParseRequest(grpc::ByteBuffer bytes, Request& request) {
  return grpc::SerializationTraits<Request>::Deserialize(&bytes, &request).ok();
}

inline grpc::Status NotAMessage() {
  return {grpc::StatusCode::INVALID_ARGUMENT, "the request is not a message of this method"};
}

template <typename Response>
grpc::ByteBuffer BytesOf(const Response& response) {
  grpc::ByteBuffer bytes;
  bool own_buffer = false;
  const grpc::Status made =
      grpc::SerializationTraits<Response>::Serialize(response, &bytes, &own_buffer);
  static_cast<void>(made);  // Fails only for messages beyond 2 GiB.
  return bytes;
}

/// Serves a method of one request and one response: `answer` turns the one into
/// a Result of the other, at once.
template <typename Request, typename Answer>
void AnswerUnary(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes,
                 const Answer& answer) {
  Request request;
  if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
  const auto response = answer(request);
  if (!response) return call->End(StatusOf(response.error()));
  call->Reply(BytesOf(*response));
}

}  // namespace surety
