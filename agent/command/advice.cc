#include "agent/command/advice.h"

#include <string>

namespace surety {
namespace {

Error With(const Error& error, const std::string& advice) {
  return advice.empty() ? error : Error(error.code(), error.Text() + "; " + advice);
}

std::string OriginAdvice(const Endpoint& endpoint) {
  if (endpoint.origin == kDefaultOrigin)
    return "this is the default socket, since neither --socket nor SPIFFE_ENDPOINT_SOCKET names "
           "one";
  return "the socket is from " + std::string(endpoint.origin);
}

}  // namespace

Error AdvisedWorkloadError(const Error& error, const Endpoint& endpoint) {
  switch (error.code()) {
    case ErrorCode::kPermissionDenied:
      return With(error,
                  "run \"surety attest PID\" to see a process's selectors ($$ is your shell's "
                  "PID), and compare them with the entries");
    case ErrorCode::kNotFound:
    case ErrorCode::kUnavailable: return With(error, OriginAdvice(endpoint));
    default: return error;
  }
}

Error AdvisedAdminError(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kPermissionDenied:
      return With(error, "run this as root or as the user that suretyd runs as");
    case ErrorCode::kNotFound:
      return With(error, "--admin-socket takes the path that [admin] socket has in suretyd.toml");
    default: return error;
  }
}

}  // namespace surety
