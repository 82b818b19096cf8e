#include "workload_api/health.h"

#include <algorithm>

#include "health.pb.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

namespace pb = grpc::health::v1;

std::vector<std::string> WithTheWhole(std::vector<std::string> services) {
  services.emplace_back();
  return services;
}

grpc::ByteBuffer Message(pb::HealthCheckResponse::ServingStatus status) {
  pb::HealthCheckResponse response;
  response.set_status(status);
  return BytesOf(response);
}

grpc::ByteBuffer Message(bool serving) {
  return Message(serving ? pb::HealthCheckResponse::SERVING : pb::HealthCheckResponse::NOT_SERVING);
}

}  // namespace

Health::Health(const std::vector<std::string>& services) : services_(WithTheWhole(services)) {}

void Health::AddTo(MethodTable& methods) {
  const auto method =
      [this](void (Health::*serve)(const std::shared_ptr<Call>&, const grpc::ByteBuffer&)) {
        return Method{
            .header = Method::Header::kNotRequired,
            .serve = [this, serve](const std::shared_ptr<Call>& call,
                                   const grpc::ByteBuffer& bytes) { (this->*serve)(call, bytes); }};
      };
  methods["/grpc.health.v1.Health/Check"] = method(&Health::Check);
  methods["/grpc.health.v1.Health/Watch"] = method(&Health::Watch);
}

void Health::SetServing(bool serving) {
  const std::lock_guard lock(mutex_);
  if (serving == serving_) return;
  serving_ = serving;
  for (const auto& [name, watcher] : watchers_)
    if (Knows(watcher.second)) watcher.first->Send(Message(serving));
}

void Health::Check(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) {
  pb::HealthCheckRequest request;
  if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
  if (!Knows(request.service()))
    return call->End({grpc::StatusCode::NOT_FOUND, "service name unknown"});
  const std::lock_guard lock(mutex_);
  call->Reply(Message(serving_));
}

// A service that is not known may be one day: the watch goes on.
void Health::Watch(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) {
  pb::HealthCheckRequest request;
  if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
  call->WhenOver([this, name = call.get()] { Forget(name); });
  const std::lock_guard lock(mutex_);
  watchers_.emplace(call.get(), std::pair(call, request.service()));
  call->Send(Knows(request.service()) ? Message(serving_)
                                      : Message(pb::HealthCheckResponse::SERVICE_UNKNOWN));
}

void Health::Forget(const Call* call) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(call);
}

bool Health::Knows(const std::string& service) const {
  return std::ranges::find(services_, service) != services_.end();
}

}  // namespace surety
