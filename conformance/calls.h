#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance {

using Milliseconds = std::chrono::milliseconds;

/// The status codes of gRPC that rules name.
enum class Code {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kPermissionDenied = 7,
  kUnimplemented = 12,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

/// "INVALID_ARGUMENT", or the number of a code that no rule names.
std::string NameOf(Code code);

/// How a call ended.
struct End {
  Code code = Code::kOk;
  std::string message;
};

/// "INVALID_ARGUMENT: security header missing".
std::string TextOf(const End& end);

/// The first message of a call, or how it ended without one. A call without an answer
/// in time ends with kDeadlineExceeded.
struct Answer {
  std::optional<std::string> message;
  End end;
};

/// What came of a call: "is served", or as TextOf(end).
std::string TextOf(const Answer& answer);

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What WE section 3 demands of every request.
Headers SecurityHeader();

/// One open call of any kind. It is cancelled when it goes. Not for several threads.
class Call {
 public:
  class State;
  explicit Call(std::unique_ptr<State> state);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();

  /// The next message; none if the call has ended or nothing came for so long.
  std::optional<std::string> Next(Milliseconds patience);

  /// Set once the call has ended.
  [[nodiscard]] const std::optional<End>& end() const;

 private:
  std::unique_ptr<State> state_;
};

/// A gRPC server, spoken to in plain text with bytes that nothing has checked.
class Endpoint {
 public:
  class State;
  /// `target` as gRPC names it: "unix:/path" or "127.0.0.1:80". `patience` is how long an
  /// answer may take.
  Endpoint(const std::string& target, Milliseconds patience);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint();

  /// Whether HTTP/2 is spoken there, without TLS.
  bool Connects();

  /// `method` with its service: "/SpiffeWorkloadAPI/FetchX509SVID".
  std::unique_ptr<Call> Open(std::string_view method, const std::string& request,
                             const Headers& headers);

  Answer Ask(std::string_view method, const std::string& request, const Headers& headers);

 private:
  std::unique_ptr<State> state_;
};

/// Waits as the endpoint's patience has it for the first message of `call`.
Answer FirstOf(Call& call, Milliseconds patience);

}  // namespace conformance
