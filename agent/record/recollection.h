#pragma once

#include "agent/record/state.h"
#include "surety/result.h"

namespace surety {

/// What came of Recollect.
struct Recollected {
  std::uint64_t turns = 0;    ///< That the state has learnt.
  std::uint64_t damaged = 0;  ///< Lines that could not be read.
};

/// Tells a state, before State::Ready, what the audit log has and the database may
/// not: every record after the last one it has stored, and some from before. An
/// empty or new log tells nothing.
Result<Recollected> Recollect(const std::string& audit_folder, State& state);

}  // namespace surety
