#pragma once

#include <optional>

#include "surety/attestor.h"
#include "surety/scope.h"

namespace surety {

/// What became of the name of an executable that itself is still the same.
enum class ExecutableMove {
  kDeleted,   ///< Its file was removed and nothing took its place.
  kReplaced,  ///< Another file has its name now, as after a package upgrade.
};

/// Tells the loss of a name from the change of a program: nullopt unless the file
/// that runs is the pinned one (the same hash, or one that is still being worked out,
/// and the same name as far as the process shows one) and only the name does not
/// lead to it any more. An executable without a hash is never taken for the same.
///
/// Between the two steps of an upgrade that keeps a second link (dpkg(1) does) the
/// file is not deleted but shown as "NAME (deleted)", which is kReplaced as well.
std::optional<ExecutableMove> MovedExecutable(const Drift& drift, const Attestation& seen);

}  // namespace surety
