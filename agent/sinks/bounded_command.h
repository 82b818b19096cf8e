#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "surety/result.h"

namespace surety {

/// Runs a program, of which the whole path is the first of `command`, with the rest as its
/// arguments and `environment` ("NAME=value") as all of its environment; no shell has a
/// part in it. It has no input, no descriptor of the daemon's, no ambient capability, and a
/// process group of its own, which is killed after `timeout` or when told to stop.
///
/// Gives what it said on both outputs, printable and its first 2 KiB, if it ended with
/// status 0. Errors: kNotFound, kPermissionDenied (could not be run), kUnavailable (another
/// status, in words, and what it said), kDeadline. For threads that may wait.
Result<std::string> RunBounded(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment,
                               std::chrono::milliseconds timeout, const std::stop_token& stop);

}  // namespace surety
