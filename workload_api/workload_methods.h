#pragma once

#include "surety/clock.h"
#include "surety/token.h"
#include "workload_api/method_table.h"
#include "workload_api/stream_board.h"

namespace surety {

/// Whether WIT-SVIDs are served; else their RPCs answer UNIMPLEMENTED (SPIFFE_Workload_API.md
/// section 7).
enum class WitProfile { kOff, kOn };

/// The SPIFFE Workload API. All outlive the table.
MethodTable WorkloadMethods(StreamBoard& board, const TokenValidator& validator, const Clock& clock,
                            WitProfile wits);

}  // namespace surety
