#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "agent/command/flags.h"
#include "agent/command/waiter.h"
#include "surety/attestor.h"
#include "surety/clock.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// What `surety attest` looks with. Not owned.
struct AttestParts {
  ProcessOpener& processes;
  const std::vector<std::unique_ptr<Attestor>>& attestors;
  const Clock& clock;
  Waiter& waiter;
};

/// `surety attest PID`: looks at the process here, without the daemon, until
/// nothing is missing that might still come or the timeout is over, and prints
/// what is missing and why, and an entry with all of its selectors: as text, all
/// of it is TOML that can go into a file as it is. kPeerGone if there is no such
/// process or it exits meanwhile; nothing is printed then.
Result<void> Attest(const AttestFlags& flags, const AttestParts& parts, std::ostream& out);

}  // namespace surety
