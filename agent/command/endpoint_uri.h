#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// Where the Workload API listens unless it is told otherwise.
inline constexpr std::string_view kDefaultEndpoint = "unix:///run/surety/workload.sock";

/// Reads what SPIFFE_Workload_Endpoint.md section 4 allows in
/// SPIFFE_ENDPOINT_SOCKET and returns the socket's path: "unix:///run/x.sock",
/// or "unix:/run/x.sock" (RFC 3986 knows both spellings of an empty authority).
/// Percent-encoded bytes of the path are decoded.
///
/// kInvalidArgument says what is wrong. A "tcp" endpoint is always refused,
/// being well-formed or not: Surety offers none, since TCP names no process.
Result<std::string> ParseEndpointUri(std::string_view uri);

/// The path as ParseEndpointUri reads it back. `path` is absolute.
std::string EndpointUriOf(std::string_view path);

/// Values of Endpoint::origin.
inline constexpr std::string_view kFlagOrigin = "--socket";
inline constexpr std::string_view kEnvironmentOrigin = "SPIFFE_ENDPOINT_SOCKET";
inline constexpr std::string_view kDefaultOrigin = "the default";

/// The endpoint that a command talks to, and who named it.
struct Endpoint {
  std::string socket_path;
  std::string_view origin;
};

/// The flag comes first (a URI or an absolute path), then the environment
/// variable (a URI), then kDefaultEndpoint. An empty variable counts as unset.
Result<Endpoint> ChooseEndpoint(const std::optional<std::string>& flag, const char* environment);

}  // namespace surety
