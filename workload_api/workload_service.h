#pragma once

#include <memory>

#include "surety/svid_stream.h"
#include "workload.grpc.pb.h"
#include "workload_api/stream_call.h"

namespace surety {

/// The SPIFFE Workload API. Every method looks at the security header first and
/// then at the caller's limits; the profiles that are not built answer
/// UNIMPLEMENTED. Thread-safe.
class WorkloadService final
    : public SpiffeWorkloadAPI::WithRawCallbackMethod_FetchX509SVID<
          SpiffeWorkloadAPI::WithRawCallbackMethod_FetchX509Bundles<
              SpiffeWorkloadAPI::WithCallbackMethod_FetchJWTSVID<
                  SpiffeWorkloadAPI::WithRawCallbackMethod_FetchJWTBundles<
                      SpiffeWorkloadAPI::WithCallbackMethod_ValidateJWTSVID<
                          SpiffeWorkloadAPI::WithRawCallbackMethod_FetchWITSVID<
                              SpiffeWorkloadAPI::WithRawCallbackMethod_FetchWITBundles<
                                  SpiffeWorkloadAPI::Service>>>>>>> {
 public:
  using Messages = grpc::ServerWriteReactor<grpc::ByteBuffer>;

  WorkloadService(const WalkParts& walk, const WalkTimes& times, const StreamParts& streams)
      : walk_(walk), times_(times), streams_(streams) {}

  Messages* FetchX509SVID(grpc::CallbackServerContext* context,
                          const grpc::ByteBuffer* request) override;
  Messages* FetchX509Bundles(grpc::CallbackServerContext* context,
                             const grpc::ByteBuffer* request) override;

  grpc::ServerUnaryReactor* FetchJWTSVID(grpc::CallbackServerContext* context,
                                         const JWTSVIDRequest* request,
                                         JWTSVIDResponse* response) override;
  Messages* FetchJWTBundles(grpc::CallbackServerContext* context,
                            const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* ValidateJWTSVID(grpc::CallbackServerContext* context,
                                            const ValidateJWTSVIDRequest* request,
                                            ValidateJWTSVIDResponse* response) override;
  Messages* FetchWITSVID(grpc::CallbackServerContext* context,
                         const grpc::ByteBuffer* request) override;
  Messages* FetchWITBundles(grpc::CallbackServerContext* context,
                            const grpc::ByteBuffer* request) override;

 private:
  template <typename Call, typename Request>
  Messages* Open(grpc::CallbackServerContext* context, const grpc::ByteBuffer& request,
                 std::string_view method);

  const WalkParts walk_;
  const WalkTimes times_;
  const StreamParts streams_;
};

}  // namespace surety
