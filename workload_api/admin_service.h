#pragma once

#include <functional>

#include "admin.grpc.pb.h"
#include "surety/daemon_status.h"
#include "workload_api/connection_table.h"

namespace surety {

/// The operator's side, on a socket of its own. Who may connect is settled when
/// a connection is accepted. Thread-safe.
class AdminService final : public admin::v1::Admin::CallbackService {
 public:
  /// Both outlive the service. `status` gives the whole status, `connections`
  /// is the admin socket's own table, for its limits.
  AdminService(std::function<DaemonStatus()> status, ConnectionTable& connections)
      : status_(std::move(status)), connections_(connections) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const admin::v1::GetStatusRequest* request,
                                      admin::v1::GetStatusResponse* response) override;

 private:
  const std::function<DaemonStatus()> status_;
  ConnectionTable& connections_;
};

}  // namespace surety
