#include "workload_api/client/grpc_workload_client.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/client_context.h>
#include <strings.h>

#include <cstdint>
#include <memory>
#include <span>

#include "workload.grpc.pb.h"
#include "workload_api/client/call_error.h"
#include "workload_api/client/unix_channel.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5'000};

SecretBytes TakeSecret(std::string* text) {
  SecretBytes secret(std::span(reinterpret_cast<const std::uint8_t*>(text->data()), text->size()));
  ::explicit_bzero(text->data(), text->size());
  return secret;
}

WorkloadUpdate TakeUpdate(X509SVIDResponse* message) {
  WorkloadUpdate update;
  for (X509SVID& svid : *message->mutable_svids()) {
    update.svids.push_back({.spiffe_id = std::move(*svid.mutable_spiffe_id()),
                            .chain_der = std::move(*svid.mutable_x509_svid()),
                            .key_der = TakeSecret(svid.mutable_x509_svid_key()),
                            .bundle_der = std::move(*svid.mutable_bundle()),
                            .hint = std::move(*svid.mutable_hint())});
  }
  for (auto& [trust_domain, bundle] : *message->mutable_federated_bundles())
    update.federated_bundles.emplace(trust_domain, std::move(bundle));
  for (std::string& crl : *message->mutable_crl()) update.crls.push_back(std::move(crl));
  return update;
}

// Connects, and makes of `context` one that says who asks and until when.
Result<std::unique_ptr<SpiffeWorkloadAPI::Stub>> Prepare(const std::string& socket_path,
                                                         std::chrono::milliseconds timeout,
                                                         grpc::ClientContext& context) {
  const auto deadline = std::chrono::system_clock::now() + timeout;
  auto channel = ConnectUnix(socket_path, timeout);
  if (!channel) return channel.error();
  context.set_deadline(deadline);
  context.AddMetadata("workload.spiffe.io", "true");
  return SpiffeWorkloadAPI::NewStub(*channel);
}

}  // namespace

Result<WorkloadUpdate> GrpcWorkloadClient::FetchX509(std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  const auto stub = Prepare(socket_path_, timeout, context);
  if (!stub) return stub.error();
  const auto reader = (*stub)->FetchX509SVID(&context, X509SVIDRequest{});
  X509SVIDResponse message;
  if (!reader->Read(&message)) return ErrorOfCall(reader->Finish(), socket_path_);
  context.TryCancel();
  static_cast<void>(reader->Finish());
  return TakeUpdate(&message);
}

Result<std::vector<DeliveredToken>> GrpcWorkloadClient::FetchJwt(
    const TokenDemand& demand, std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  const auto stub = Prepare(socket_path_, timeout, context);
  if (!stub) return stub.error();
  JWTSVIDRequest request;
  for (const std::string& audience : demand.audiences) request.add_audience(audience);
  request.set_spiffe_id(demand.spiffe_id);
  JWTSVIDResponse response;
  const auto status = (*stub)->FetchJWTSVID(&context, request, &response);
  if (!status.ok()) return ErrorOfCall(status, socket_path_);
  std::vector<DeliveredToken> tokens;
  for (JWTSVID& svid : *response.mutable_svids())
    tokens.push_back({.spiffe_id = std::move(*svid.mutable_spiffe_id()),
                      .token = TakeSecret(svid.mutable_svid()),
                      .hint = std::move(*svid.mutable_hint())});
  return tokens;
}

Result<std::vector<DeliveredWit>> GrpcWorkloadClient::FetchWit(const std::string& spiffe_id,
                                                               std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  const auto stub = Prepare(socket_path_, timeout, context);
  if (!stub) return stub.error();
  WITSVIDRequest request;
  request.set_spiffe_id(spiffe_id);
  const auto reader = (*stub)->FetchWITSVID(&context, request);
  WITSVIDResponse message;
  if (!reader->Read(&message)) return ErrorOfCall(reader->Finish(), socket_path_);
  context.TryCancel();
  static_cast<void>(reader->Finish());
  std::vector<DeliveredWit> wits;
  for (WITSVID& svid : *message.mutable_svids())
    wits.push_back({.spiffe_id = std::move(*svid.mutable_spiffe_id()),
                    .token = std::move(*svid.mutable_wit_svid()),
                    .key_jwk = TakeSecret(svid.mutable_wit_svid_key()),
                    .hint = std::move(*svid.mutable_hint())});
  return wits;
}

Result<BelievedToken> GrpcWorkloadClient::ValidateJwt(const std::string& audience,
                                                      const std::string& token,
                                                      std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  const auto stub = Prepare(socket_path_, timeout, context);
  if (!stub) return stub.error();
  ValidateJWTSVIDRequest request;
  request.set_audience(audience);
  request.set_svid(token);
  ValidateJWTSVIDResponse response;
  const auto status = (*stub)->ValidateJWTSVID(&context, request, &response);
  if (!status.ok()) return ErrorOfCall(status, socket_path_);
  BelievedToken believed{.spiffe_id = response.spiffe_id(), .claims = {}};
  const auto written =
      google::protobuf::util::MessageToJsonString(response.claims(), &believed.claims);
  if (!written.ok()) return Error(ErrorCode::kDataLoss, "the claims in the answer cannot be read");
  return believed;
}

Error GrpcWorkloadClient::WatchX509(const std::function<void(WorkloadUpdate)>& take,
                                    const std::stop_token& stop) {
  auto channel = ConnectUnix(socket_path_, kConnectTimeout);
  if (!channel) return channel.error();

  grpc::ClientContext context;
  context.AddMetadata("workload.spiffe.io", "true");
  const auto reader =
      SpiffeWorkloadAPI::NewStub(*channel)->FetchX509SVID(&context, X509SVIDRequest{});
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  X509SVIDResponse message;
  while (reader->Read(&message)) take(TakeUpdate(&message));
  return ErrorOfCall(reader->Finish(), socket_path_);
}

}  // namespace surety
