#include "workload_api/workload_methods.h"

#include "workload.pb.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

// The requests of both streams have no fields, and those of a newer client are to
// be ignored, so that nothing is to be done with them but to see that they are sound.
template <typename Request>
Method Stream(StreamBoard& board, StreamKind kind) {
  return {
      .serve = [&board, kind](const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) {
        Request request;
        if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
        board.Open(call, kind);
      }};
}

Method NotBuilt() {
  return {.serve = [](const std::shared_ptr<Call>& call, const grpc::ByteBuffer&) {
    call->End({grpc::StatusCode::UNIMPLEMENTED, "this profile is not served by this daemon"});
  }};
}

}  // namespace

MethodTable WorkloadMethods(StreamBoard& board) {
  return {
      {"/SpiffeWorkloadAPI/FetchX509SVID", Stream<X509SVIDRequest>(board, StreamKind::kX509Svids)},
      {"/SpiffeWorkloadAPI/FetchX509Bundles",
       Stream<X509BundlesRequest>(board, StreamKind::kX509Bundles)},
      {"/SpiffeWorkloadAPI/FetchJWTSVID", NotBuilt()},
      {"/SpiffeWorkloadAPI/FetchJWTBundles", NotBuilt()},
      {"/SpiffeWorkloadAPI/ValidateJWTSVID", NotBuilt()},
      {"/SpiffeWorkloadAPI/FetchWITSVID", NotBuilt()},
      {"/SpiffeWorkloadAPI/FetchWITBundles", NotBuilt()},
  };
}

}  // namespace surety
