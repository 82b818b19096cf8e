#pragma once

#include "surety/clock.h"
#include "surety/token.h"
#include "workload_api/method_table.h"
#include "workload_api/stream_board.h"

namespace surety {

/// The SPIFFE Workload API. The profile that is not built answers UNIMPLEMENTED.
/// All outlive the table.
MethodTable WorkloadMethods(StreamBoard& board, const TokenValidator& validator,
                            const Clock& clock);

}  // namespace surety
