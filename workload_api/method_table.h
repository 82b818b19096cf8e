#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "workload_api/call.h"

namespace surety {

/// How one method is served.
struct Method {
  /// The proof that nobody tricked the caller into calling: demanded by every
  /// method of the Workload API, by no other.
  enum class Header { kRequired, kNotRequired };
  /// Whether the client sends one message or many.
  enum class Requests { kOne, kMany };

  Header header = Header::kRequired;
  Requests requests = Requests::kOne;
  /// Called with each message. Does not wait; what takes long goes on elsewhere.
  std::function<void(const std::shared_ptr<Call>&, const grpc::ByteBuffer&)> serve;
};

/// What is served at one socket: "/package.Service/Method" to how. What is not
/// listed is answered UNIMPLEMENTED.
using MethodTable = std::map<std::string, Method, std::less<>>;

}  // namespace surety
