#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "surety/peer.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

// Processes for which nobody connects (docs/sinks.md). Each answer is pinned: a process
// that took the number of another is never taken for it. One that has begun less than a
// quarter of a second ago is not seen yet: it may be about to change its user and to run
// another program, and what it is by then counts. nullopt: there is none.

/// The oldest process of this effective uid, that runs the file `exe` unless that is
/// empty. Asks every process of the host for it.
Result<std::optional<Peer>> FindOldestProcess(ProcessOpener& opener, uid_t uid,
                                              const std::string& exe);

/// Who says which process it is, by number; asked twice, since the number may be given
/// away in between.
using ProcessQuestion = std::function<Result<std::optional<pid_t>>()>;
Result<std::optional<Peer>> FindNamedProcess(ProcessOpener& opener,
                                             const ProcessQuestion& question);

}  // namespace surety
