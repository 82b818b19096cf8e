#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "surety/result.h"

namespace surety {

/// What a failed call means to the one who made it. `where` is the socket's
/// path, which the message names; the server's own words are kept, without
/// characters that would act on a terminal. An OK status, by which a stream may
/// end, is kUnavailable: the server is done, and nothing says that asking again
/// is wrong.
Error ErrorOfCall(const grpc::Status& status, const std::string& where);

}  // namespace surety
