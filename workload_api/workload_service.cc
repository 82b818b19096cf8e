#include "workload_api/workload_service.h"

#include <utility>

#include "workload_api/call_metadata.h"
#include "workload_api/grpc_status.h"
#include "workload_api/messages.h"

namespace surety {
namespace {

class X509SvidCall final : public StreamCall, private SvidSink {
 public:
  X509SvidCall(const WalkParts& walk, const WalkTimes& times, const StreamParts& streams,
               CallTicket ticket, std::string method)
      : StreamCall(streams, std::move(ticket), std::move(method)), stream_(walk, times, peer()) {}

 private:
  Result<BootTime> Step(Moment now) override { return stream_.Step(now, *this); }

  Result<void> Push(const std::vector<X509Svid>& svids, const BundleSet& bundles) override {
    std::vector<std::string> ids;
    ids.reserve(svids.size());
    for (const X509Svid& svid : svids) ids.push_back(svid.id.Text());
    return Send(X509SvidMessage(svids, bundles), std::move(ids));
  }

  SvidStream stream_;
};

class X509BundlesCall final : public StreamCall, private BundleStream::Sink {
 public:
  X509BundlesCall(const WalkParts& walk, const WalkTimes& times, const StreamParts& streams,
                  CallTicket ticket, std::string method)
      : StreamCall(streams, std::move(ticket), std::move(method)), stream_(walk, times, peer()) {}

 private:
  Result<BootTime> Step(Moment now) override { return stream_.Step(now, *this); }

  Result<void> Push(const BundleSet& bundles) override {
    return Send(X509BundlesMessage(bundles), {});
  }

  BundleStream stream_;
};

// A stream that ends with its status before it began.
class EndedStream final : public WorkloadService::Messages {
 public:
  explicit EndedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }  // NOLINT: gRPC's way of owning a reactor.
};

grpc::Status NotBuilt(const grpc::CallbackServerContext& context) {
  if (auto metadata = CheckCallMetadata(context); !metadata) return StatusOf(metadata.error());
  return {grpc::StatusCode::UNIMPLEMENTED, "this profile is not served by this daemon"};
}

// The requests of both streams have no fields, and those of a newer client are to
// be ignored, so that nothing is to be done with them but to see that they are sound.
template <typename Request>
bool Parses(grpc::ByteBuffer request) {
  if (request.Length() == 0) return true;
  Request parsed;
  return grpc::SerializationTraits<Request>::Deserialize(&request, &parsed).ok();
}

WorkloadService::Messages* EndStream(const grpc::Status& status) {
  return std::make_unique<EndedStream>(status).release();
}

grpc::ServerUnaryReactor* EndUnary(grpc::CallbackServerContext* context,
                                   const grpc::Status& status) {
  auto* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

}  // namespace

template <typename Call, typename Request>
WorkloadService::Messages* WorkloadService::Open(grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer& request,
                                                 std::string_view method) {
  if (auto metadata = CheckCallMetadata(*context); !metadata)
    return EndStream(StatusOf(metadata.error()));
  if (!Parses<Request>(request))
    return EndStream(
        {grpc::StatusCode::INVALID_ARGUMENT, "the request is not a message of workload.proto"});
  auto ticket = streams_.connections.BeginCall(context->peer());
  if (!ticket) return EndStream(StatusOf(ticket.error()));
  const auto call =
      std::make_shared<Call>(walk_, times_, streams_, *std::move(ticket), std::string(method));
  call->Begin();
  return call.get();
}

WorkloadService::Messages* WorkloadService::FetchX509SVID(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) {
  return Open<X509SvidCall, X509SVIDRequest>(context, *request, "FetchX509SVID");
}

WorkloadService::Messages* WorkloadService::FetchX509Bundles(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request) {
  return Open<X509BundlesCall, X509BundlesRequest>(context, *request, "FetchX509Bundles");
}

grpc::ServerUnaryReactor* WorkloadService::FetchJWTSVID(grpc::CallbackServerContext* context,
                                                        const JWTSVIDRequest* /*request*/,
                                                        JWTSVIDResponse* /*response*/) {
  return EndUnary(context, NotBuilt(*context));
}

WorkloadService::Messages* WorkloadService::FetchJWTBundles(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* /*request*/) {
  return EndStream(NotBuilt(*context));
}

grpc::ServerUnaryReactor* WorkloadService::ValidateJWTSVID(
    grpc::CallbackServerContext* context, const ValidateJWTSVIDRequest* /*request*/,
    ValidateJWTSVIDResponse* /*response*/) {
  return EndUnary(context, NotBuilt(*context));
}

WorkloadService::Messages* WorkloadService::FetchWITSVID(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* /*request*/) {
  return EndStream(NotBuilt(*context));
}

WorkloadService::Messages* WorkloadService::FetchWITBundles(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* /*request*/) {
  return EndStream(NotBuilt(*context));
}

}  // namespace surety
