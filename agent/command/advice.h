#pragma once

#include "agent/command/endpoint_uri.h"
#include "surety/result.h"

namespace surety {

/// The error of a Workload API call, with what its reader can do about it.
Error AdvisedWorkloadError(const Error& error, const Endpoint& endpoint);

/// The error of a call on the admin socket, likewise.
Error AdvisedAdminError(const Error& error);

}  // namespace surety
