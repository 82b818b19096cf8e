#pragma once

#include <cstdint>
#include <string>

#include "agent/record/state_database.h"

namespace surety {

/// The numbers of the CRLs of each issuer (RFC 5280 section 5.2.3): never the same
/// twice, whatever happens to the daemon. Thread-safe.
class CrlNumbers {
 public:
  /// `database` outlives this.
  explicit CrlNumbers(StateDatabase& database) : database_(database) {}

  /// A number above all that were given out for this issuer (a key id) and not
  /// below `at_least`; it is on the disk when this returns. An Error: none may be
  /// used.
  Result<std::uint64_t> Next(const std::string& issuer_key_id, std::uint64_t at_least = 1);

 private:
  StateDatabase& database_;
};

}  // namespace surety
