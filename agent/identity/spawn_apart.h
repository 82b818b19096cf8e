#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "surety/result.h"

namespace surety {

struct ProgramToSpawn {
  std::string path;                  ///< Whole: it is looked for nowhere else.
  std::vector<std::string> command;  ///< Its words, its name the first of them.
  /// "NAME=value", all that it has; absent: what the daemon has.
  std::optional<std::vector<std::string>> environment = {};
  // The descriptors that it begins with, and no others; -1 is /dev/null.
  int input = -1;
  int output = -1;
  int errors = -1;
};

/// Starts a program apart from the daemon: in a process group of its own, with all signals as
/// they are by default and none blocked, and without ambient capabilities, of which this
/// thread has none afterwards either.
///
/// Gives its pid, which the caller reaps. Errors, in the kernel's words: kNotFound,
/// kPermissionDenied, else kUnavailable. Any thread.
Result<pid_t> SpawnApart(ProgramToSpawn program);

}  // namespace surety
