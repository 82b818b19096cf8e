#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>

#include "conformance/probe.h"
#include "reflection.pb.h"

namespace conformance {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

constexpr std::array kRpcs = {"FetchX509SVID",   "FetchX509Bundles", "FetchJWTSVID",
                              "FetchJWTBundles", "ValidateJWTSVID",  "FetchWITSVID",
                              "FetchWITBundles"};
// Servers check streams and other calls in different places.
constexpr std::array kOneOfEach = {"FetchX509SVID", "FetchJWTSVID"};

Verdict PlainText(Probe& probe) {
  return Judged(
      probe.endpoint().Connects() ? "" : "no HTTP/2 without TLS at this socket within --timeout");
}

Verdict ServedOverGrpc(Probe& probe) {
  for (const auto& stream : {kX509Svids, kJwtBundles}) {
    const auto& first = probe.First(stream);
    if (first.message || first.end.code == Code::kPermissionDenied) return Judged("");
    if (first.end.code != Code::kUnimplemented)
      return Judged(stream + " ends with " + TextOf(first.end));
  }
  return Judged("neither FetchX509SVID nor FetchJWTBundles is served: UNIMPLEMENTED");
}

// Which of `rpcs` does not refuse `headers`. One that is off is passed over.
std::string NotRefused(Probe& probe, std::span<const char* const> rpcs, const Headers& headers,
                       const std::string& what) {
  for (const char* rpc : rpcs) {
    const auto answer = probe.Ask(rpc, {}, headers);
    if (!answer.message && answer.end.code == Code::kInvalidArgument) continue;
    if (answer.end.code == Code::kUnimplemented && probe.Ask(rpc).end.code == Code::kUnimplemented)
      continue;
    return std::string(rpc) + " with " + what + ": " + TextOf(answer) + ", not INVALID_ARGUMENT";
  }
  return {};
}

Verdict HeaderDemanded(Probe& probe) {
  std::string problem = NotRefused(probe, kRpcs, {}, "no header");
  for (const char* key : {"workload-spiffe-io", "workload.spiffe.io.x", "spiffe.io"})
    if (problem.empty())
      problem = NotRefused(probe, kOneOfEach, {{key, "true"}}, std::string("the header ") + key);
  for (const char* value : {"True", "TRUE", "1", "", "false", "true,true", "truex"})
    if (problem.empty())
      problem = NotRefused(probe, kOneOfEach, {{"workload.spiffe.io", value}},
                           std::string("the header's value '") + value + "'");
  return Judged(problem);
}

Verdict HeaderOnce(Probe& probe) {
  for (const char* second : {"true", "false"}) {
    const Headers headers = {{"workload.spiffe.io", "true"}, {"workload.spiffe.io", second}};
    auto problem =
        NotRefused(probe, kOneOfEach, headers, std::string("a second header '") + second + "'");
    if (!problem.empty()) return Judged(problem);
  }
  return Judged("");
}

Verdict HeaderBeforeAttestation(Probe& probe) {
  if (!probe.options().no_identity)
    return Skipped("only a caller without an identity can tell: run it with --no-identity");
  return Judged(NotRefused(probe, kRpcs, {}, "no header"));
}

Verdict NoCredentials(Probe& probe) {
  for (const auto& stream : {kX509Svids, kX509Bundles, kJwtBundles}) {
    const auto& first = probe.First(stream);
    if (first.end.code == Code::kUnauthenticated)
      return Judged(stream + " ends with " + TextOf(first.end));
  }
  return Judged("");
}

Verdict NothingForStrangers(Probe& probe) {
  if (!probe.options().no_identity)
    return Skipped("the caller has an identity: run it as one without, with --no-identity");
  const auto tokens = probe.TokenAnswer();
  if (probe.First(kX509Svids).message) return Judged("FetchX509SVID answers with SVIDs");
  return Judged(tokens.message ? "FetchJWTSVID answers with tokens" : "");
}

Verdict PermissionDenied(Probe& probe) {
  if (!probe.options().no_identity)
    return Skipped("the caller has an identity: run it as one without, with --no-identity");
  for (const Answer& answer : {probe.First(kX509Svids), probe.TokenAnswer()})
    if (!answer.message && answer.end.code != Code::kPermissionDenied &&
        answer.end.code != Code::kUnimplemented)
      return Judged("a fetch ends with " + TextOf(answer.end) + ", not PERMISSION_DENIED");
  return Judged("");
}

Verdict UnknownRpc(Probe& probe) {
  return EndsWith(probe.Ask("NoSuchMethod"), Code::kUnimplemented,
                  "NoSuchMethod of the Workload API");
}

std::optional<ServerReflectionResponse> Reflect(Probe& probe,
                                                const ServerReflectionRequest& request) {
  for (const char* version : {"v1", "v1alpha"}) {
    const auto answer = probe.endpoint().Ask(
        std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
        request.SerializeAsString(), SecurityHeader());
    ServerReflectionResponse response;
    if (answer.message && response.ParseFromString(*answer.message)) return response;
  }
  return std::nullopt;
}

Verdict Reflection(Probe& probe) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  const auto response = Reflect(probe, request);
  if (!response) return Judged("grpc.reflection is neither served as v1 nor as v1alpha");
  for (const auto& service : response->list_services_response().service())
    if (service.name() == "SpiffeWorkloadAPI") return Judged("");
  return Judged("reflection does not list SpiffeWorkloadAPI");
}

// What `theirs` has that the specification has not.
std::string Additions(const google::protobuf::FileDescriptorProto& theirs) {
  const auto* file = X509SVIDRequest::descriptor()->file();
  for (const auto& service : theirs.service()) {
    if (service.name() != "SpiffeWorkloadAPI") continue;
    for (const auto& method : service.method())
      if (file->service(0)->FindMethodByName(method.name()) == nullptr)
        return "the RPC " + method.name();
  }
  for (const auto& message : theirs.message_type()) {
    const auto* ours = file->FindMessageTypeByName(message.name());
    if (ours == nullptr) continue;
    for (const auto& field : message.field())
      if (ours->FindFieldByNumber(field.number()) == nullptr)
        return "the field " + message.name() + "." + field.name();
  }
  return {};
}

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

Verdict NotExtended(Probe& probe) {
  if (const auto* x509 = probe.X509()) {
    bool unknown = HasUnknownFields(*x509);
    for (const auto& svid : x509->svids()) unknown = unknown || HasUnknownFields(svid);
    if (unknown) return Judged("the answer of FetchX509SVID has a field that is not specified");
  }
  ServerReflectionRequest request;
  request.set_file_containing_symbol("SpiffeWorkloadAPI");
  const auto response = Reflect(probe, request);
  if (!response && probe.X509() == nullptr)
    return Skipped("there is no answer and no reflection to look at");
  if (!response) return Judged("");
  for (const auto& bytes : response->file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) continue;
    if (auto added = Additions(file); !added.empty()) return Judged(added + " is not specified");
  }
  return Judged("");
}

Verdict UnknownFieldTolerated(Probe& probe) {
  const auto& first = probe.First(kX509Svids);
  if (!first.message) return probe.Without(first, "XP1");
  const std::string field_15_is_1 = "\x78\x01";
  const auto answer = probe.Ask(kX509Svids, field_15_is_1);
  return Judged(answer.message ? "" : "FetchX509SVID ends with " + TextOf(answer.end));
}

constexpr auto kEndpoint = "Workload Endpoint 3";

constexpr std::array kEndpointRules = {
    Rule{"E1", kEndpoint, Strength::kMust, "The Workload API is served over gRPC", ServedOverGrpc},
    Rule{"E2", kEndpoint, Strength::kMust, "TCP is used only where it tells who calls", nullptr,
         "how the server knows its callers is not to be seen"},
    Rule{"E3", kEndpoint, Strength::kMust,
         "A request without `workload.spiffe.io: true` gets INVALID_ARGUMENT", HeaderDemanded},
    Rule{"E3b", kEndpoint, Strength::kUsual, "So does one that has the header twice", HeaderOnce},
    Rule{"E3c", kEndpoint, Strength::kUsual, "The header is checked before the caller is",
         HeaderBeforeAttestation},
    Rule{"E4", "Workload Endpoint 3.1", Strength::kMust, "TLS is not required", PlainText},
    Rule{"E5", "Workload Endpoint 4", Strength::kMust, "The form of SPIFFE_ENDPOINT_SOCKET",
         nullptr, "a rule for clients, which --socket keeps"},
    Rule{"E6", "Workload Endpoint 5", Strength::kMust, "The client need not authenticate itself",
         NoCredentials},
    Rule{"E7", "Workload Endpoint 6", Strength::kMust, "A server that cannot serve is UNAVAILABLE",
         nullptr, "the server would have to be starting or overloaded"},
    Rule{"E8", "Workload Endpoint 6", Strength::kMust, "Who has no identity gets none",
         NothingForStrangers},
    Rule{"E8b", "Workload Endpoint 6", Strength::kShould, "and is told PERMISSION_DENIED",
         PermissionDenied},
    Rule{"E9", "Workload Endpoint A", Strength::kMust, "An unknown RPC is UNIMPLEMENTED",
         UnknownRpc},
    Rule{"E10", "Workload Endpoint 7", Strength::kShould, "Reflection lists the Workload API",
         Reflection},
    Rule{"E11", "Workload API 2", Strength::kMust, "No RPC and no field is added", NotExtended},
    Rule{"E11b", "Workload API 2", Strength::kUsual,
         "A request with a field from the future is served (protobuf 3)", UnknownFieldTolerated},
    Rule{"E12", "Workload Endpoint 2", Strength::kShould, "One endpoint serves one host", nullptr,
         "other hosts would have to try"},
};

}  // namespace

Rules EndpointRules() { return kEndpointRules; }

}  // namespace conformance
