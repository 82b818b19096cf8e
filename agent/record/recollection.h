#pragma once

#include <cstdint>
#include <optional>

#include "agent/record/state.h"
#include "surety/result.h"

namespace surety {

struct LastRecord {
  std::uint64_t seq = 0;
  Moment at;
};

/// What came of Recollect.
struct Recollected {
  std::uint64_t turns = 0;    ///< That the state has learnt.
  std::uint64_t damaged = 0;  ///< Lines that could not be read.
  /// The last record, if it is not that of a daemon's orderly end: nobody has watched
  /// since then.
  std::optional<LastRecord> died_after{};
};

/// Tells a state, before State::Ready, what the audit log has and the database may
/// not: every record after the last one it has stored, and some from before. An
/// empty or new log tells nothing.
Result<Recollected> Recollect(const std::string& audit_folder, State& state);

}  // namespace surety
