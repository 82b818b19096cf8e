#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace surety {

/// What kind of failure this is. Callers branch on the code; people read the
/// message. The names follow the gRPC status codes they become at the socket.
enum class ErrorCode {
  kInvalidArgument,    ///< The caller's input is wrong, and will be next time.
  kNotFound,           ///< The thing named does not exist.
  kAlreadyExists,      ///< The thing to be made is already there.
  kPermissionDenied,   ///< Looked, and says no.
  kResourceExhausted,  ///< A limit of ours or of the machine is reached.
  kUnavailable,        ///< Could not tell, or not now: worth another try.
  kPeerGone,           ///< The process asked about has exited.
  kDeadline,           ///< No answer in time: counts as "could not tell".
  kDataLoss,           ///< Stored data is damaged.
  kInternal,           ///< A fault in Surety or in a library.
};

/// The lower-case token of a code, for logs and JSON: "permission_denied".
std::string_view NameOf(ErrorCode code);

/// Why something failed. The message names what, where and what to do; the
/// cause, where there is one, is the error that led to this one.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  /// This error as the reason of a wider one: "reading the CA: <this>".
  [[nodiscard]] Error Within(std::string_view context) const {
    Error outer(code_, std::string(context));
    outer.cause_ = std::make_shared<const Error>(*this);
    return outer;
  }

  [[nodiscard]] ErrorCode code() const { return code_; }
  /// The message alone, without its cause.
  [[nodiscard]] const std::string& message() const { return message_; }
  /// Null when there is none.
  [[nodiscard]] const Error* cause() const { return cause_.get(); }

  /// Message and causes, outermost first, joined with ": ".
  [[nodiscard]] std::string Text() const {
    return cause_ ? message_ + ": " + cause_->Text() : message_;
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::shared_ptr<const Error> cause_;
};

/// A value or the Error that stands in its place; modelled on std::expected
/// (C++23), of which it offers the part that Surety uses. Asking for the value
/// of an error, or the reverse, is a bug in the caller and ends the program.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

inline std::string_view NameOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kAlreadyExists: return "already_exists";
    case ErrorCode::kPermissionDenied: return "permission_denied";
    case ErrorCode::kResourceExhausted: return "resource_exhausted";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kPeerGone: return "peer_gone";
    case ErrorCode::kDeadline: return "deadline";
    case ErrorCode::kDataLoss: return "data_loss";
    case ErrorCode::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace surety
