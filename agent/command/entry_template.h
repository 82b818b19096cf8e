#pragma once

#include <string>

#include "surety/attestor.h"

namespace surety {

/// An [[entry]] to paste into a file of entries_dir, for processes like the one
/// attested: its uid and path select, its hash and all other selectors stand
/// there as comments. The SPIFFE ID is made up from the executable's name. Always valid TOML; each
/// text of the workload's choice is escaped and cannot end the line or the string that it stands
/// in.
std::string EntryTemplate(const Attestation& seen);

}  // namespace surety
