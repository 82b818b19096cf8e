#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Stands between the socket of a bus and the library that speaks on it, and passes
/// on what either says: from the bus no more than `most_bytes`, since the library
/// would take in messages of 128 MiB, and no descriptors. Not thread-safe.
class SystemdRelay {
 public:
  /// Connects to a Unix socket whose server is root's. kUnavailable if nobody serves
  /// there or too many wait; kPermissionDenied if it is another user's.
  static Result<SystemdRelay> Connect(const std::string& socket, std::size_t most_bytes);

  /// The library's end, to be taken once.
  UniqueFd TakeInner() { return std::move(library_); }

  /// Passes on what there is, and waits up to `patience` for something. The library
  /// has read all that it was passed before. kResourceExhausted once the bus has said
  /// too much; kUnavailable once it has gone or does not read.
  Result<void> Turn(std::chrono::milliseconds patience);

 private:
  SystemdRelay(UniqueFd bus, UniqueFd inner, UniqueFd library, std::size_t left)
      : bus_(std::move(bus)), inner_(std::move(inner)), library_(std::move(library)), left_(left) {}

  Result<void> FromBus();
  Result<void> FromLibrary();

  UniqueFd bus_;
  UniqueFd inner_;    // Our end of the pair.
  UniqueFd library_;  // Its end, until it is taken.
  std::size_t left_;
};

}  // namespace surety
