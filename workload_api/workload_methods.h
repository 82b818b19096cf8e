#pragma once

#include "workload_api/method_table.h"
#include "workload_api/stream_board.h"

namespace surety {

/// The SPIFFE Workload API. The profiles that are not built answer UNIMPLEMENTED.
/// `board` outlives the table.
MethodTable WorkloadMethods(StreamBoard& board);

}  // namespace surety
