#pragma once

#include <chrono>

#include "surety/daemon_status.h"
#include "surety/result.h"

namespace surety {

/// The operator's side of the admin socket. Thread-safe.
/// Over gRPC: workload_api/client/grpc_admin_client.h. Tests: tests/fakes/fake_admin_client.h.
class AdminClient {
 public:
  virtual ~AdminClient() = default;

  /// kUnavailable: no daemon there, or this user may not connect; the message
  /// says which. kPermissionDenied: it answered, and refused this uid.
  virtual Result<DaemonStatus> GetStatus(std::chrono::milliseconds timeout) = 0;
};

}  // namespace surety
