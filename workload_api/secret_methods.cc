#include "workload_api/secret_methods.h"

#include <string>
#include <utility>
#include <vector>

#include "envoy_discovery.pb.h"
#include "envoy_sds.pb.h"
#include "workload_api/secret_messages.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

using envoy::service::discovery::v3::DiscoveryRequest;

constexpr std::size_t kLongestNode = 1024;
constexpr std::size_t kLongestNonce = 64;

Result<SecretRequest> ReadRequest(const DiscoveryRequest& message, const SecretNames& names) {
  const auto wrong = [](std::string what) {
    return Error(ErrorCode::kInvalidArgument, std::move(what));
  };
  // The service implies the type: discovery.proto does not ask for it here.
  if (!message.type_url().empty() && message.type_url() != kSecretType)
    return wrong("type_url is \"" + BriefText(message.type_url()) + "\"; secrets are of type " +
                 std::string(kSecretType));
  if (message.node().id().size() > kLongestNode)
    return wrong("the node's id has " + std::to_string(message.node().id().size()) +
                 " bytes; at most " + std::to_string(kLongestNode) + " are accepted");
  if (message.response_nonce().size() > kLongestNonce)
    return wrong("response_nonce is none that was given here");
  const std::vector<std::string> asked(message.resource_names().begin(),
                                       message.resource_names().end());
  auto demand = ReadSecretDemand(asked, names);
  if (!demand) return demand.error();
  SecretRequest request{.demand = *std::move(demand), .nonce = message.response_nonce()};
  if (message.has_error_detail()) request.error = BriefText(message.error_detail().message());
  return request;
}

class SecretMethod {
 public:
  SecretMethod(StreamBoard& board, SecretNames names, SecretReport& report, bool once)
      : board_(board), names_(std::move(names)), report_(report), once_(once) {}

  void operator()(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) const {
    DiscoveryRequest message;
    if (!ParseRequest(bytes, message)) return call->End(NotAMessage());
    const auto request = ReadRequest(message, names_);
    if (!request) {
      report_.Ended(call->peer(), message.node().id(), request.error().Text());
      return call->End(StatusOf(request.error()));
    }
    if (!call->at_first_message()) return board_.HearSecrets(call, *request);
    SecretSubscription subscription{.report = report_, .once = once_, .node = message.node().id()};
    subscription.exchange.Hear(*request);
    board_.OpenForSecrets(call, std::move(subscription));
  }

 private:
  StreamBoard& board_;
  const SecretNames names_;
  SecretReport& report_;
  const bool once_;
};

}  // namespace

const std::string& SecretServiceName() {
  return envoy::service::secret::v3::SdsDummy::descriptor()->file()->service(0)->full_name();
}

void AddSecretMethods(MethodTable& methods, StreamBoard& board, const SecretNames& names,
                      SecretReport& report) {
  const std::string service = "/" + SecretServiceName() + "/";
  methods[service + "StreamSecrets"] = {.header = Method::Header::kNotRequired,
                                        .requests = Method::Requests::kMany,
                                        .serve = SecretMethod(board, names, report, false)};
  methods[service + "FetchSecrets"] = {.header = Method::Header::kNotRequired,
                                       .serve = SecretMethod(board, names, report, true)};
}

}  // namespace surety
