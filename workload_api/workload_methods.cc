#include "workload_api/workload_methods.h"

#include <google/protobuf/util/json_util.h>

#include <string>
#include <vector>

#include "workload.pb.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

// The requests of all streams have no fields, and those of a newer client are to
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

Method SwitchedOff() {
  return {.serve = [](const std::shared_ptr<Call>& call, const grpc::ByteBuffer&) {
    call->End({grpc::StatusCode::UNIMPLEMENTED,
               "this profile is not served by this daemon: [wit] enabled is not set"});
  }};
}

Result<std::optional<SpiffeId>> ReadWantedId(const std::string& text) {
  if (text.empty()) return std::optional<SpiffeId>();
  auto id = SpiffeId::Parse(text);
  if (!id) return Error(ErrorCode::kInvalidArgument, id.error().Text()).Within("spiffe_id");
  return std::optional<SpiffeId>(*std::move(id));
}

Result<TokenRequest> ReadTokenRequest(const JWTSVIDRequest& request) {
  const std::vector<std::string> asked(request.audience().begin(), request.audience().end());
  auto audiences = CheckAudiences(asked);
  if (!audiences) return audiences.error();
  auto id = ReadWantedId(request.spiffe_id());
  if (!id) return id.error();
  return TokenRequest{.audiences = *std::move(audiences), .spiffe_id = *std::move(id)};
}

Method Tokens(StreamBoard& board) {
  return {.serve = [&board](const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) {
    JWTSVIDRequest message;
    if (!ParseRequest(bytes, message)) return call->End(NotAMessage());
    const auto request = ReadTokenRequest(message);
    if (!request) return call->End(StatusOf(request.error()));
    board.OpenForTokens(call, *request);
  }};
}

Method Wits(StreamBoard& board) {
  return {.serve = [&board](const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes) {
    WITSVIDRequest request;
    if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
    const auto id = ReadWantedId(request.spiffe_id());
    if (!id) return call->End(StatusOf(id.error()));
    board.OpenForWits(call, *id);
  }};
}

Result<ValidatedToken> Validated(const TokenValidator& validator, const Clock& clock,
                                 const ValidateJWTSVIDRequest& request) {
  const auto wrong = [](const char* what) { return Error(ErrorCode::kInvalidArgument, what); };
  if (request.audience().empty()) return wrong("no audience is given");
  if (request.svid().empty()) return wrong("no token is given");
  return validator.Validate(request.svid(), request.audience(), clock.Now().wall);
}

// Whoever may connect may ask about our own: it gives nothing away but what the caller has in
// hand, and the bundle that it is judged by is no secret. Other trust domains are trusted by
// those alone whose entries say so.
Method Validate(StreamBoard& board, const TokenValidator& validator, const Clock& clock) {
  return {.serve = [&board, &validator, &clock](const std::shared_ptr<Call>& call,
                                                const grpc::ByteBuffer& bytes) {
    ValidateJWTSVIDRequest request;
    if (!ParseRequest(bytes, request)) return call->End(NotAMessage());
    const auto token = Validated(validator, clock, request);
    if (!token) return call->End(StatusOf(token.error()));
    ValidateJWTSVIDResponse response;
    response.set_spiffe_id(token->id.Text());
    const auto read =
        google::protobuf::util::JsonStringToMessage(token->claims, response.mutable_claims());
    if (!read.ok())
      return call->End(
          {grpc::StatusCode::INVALID_ARGUMENT, "the token's claims cannot be handed on"});
    if (!token->foreign) return call->Reply(BytesOf(response));
    board.OpenForForeignToken(
        call, {.trust_domain = token->id.trust_domain(), .reply = BytesOf(response)});
  }};
}

}  // namespace

MethodTable WorkloadMethods(StreamBoard& board, const TokenValidator& validator, const Clock& clock,
                            WitProfile wits) {
  const bool on = wits == WitProfile::kOn;
  return {
      {"/SpiffeWorkloadAPI/FetchX509SVID", Stream<X509SVIDRequest>(board, StreamKind::kX509Svids)},
      {"/SpiffeWorkloadAPI/FetchX509Bundles",
       Stream<X509BundlesRequest>(board, StreamKind::kX509Bundles)},
      {"/SpiffeWorkloadAPI/FetchJWTSVID", Tokens(board)},
      {"/SpiffeWorkloadAPI/FetchJWTBundles",
       Stream<JWTBundlesRequest>(board, StreamKind::kJwtBundles)},
      {"/SpiffeWorkloadAPI/ValidateJWTSVID", Validate(board, validator, clock)},
      {"/SpiffeWorkloadAPI/FetchWITSVID", on ? Wits(board) : SwitchedOff()},
      {"/SpiffeWorkloadAPI/FetchWITBundles",
       on ? Stream<WITBundlesRequest>(board, StreamKind::kWitBundles) : SwitchedOff()},
  };
}

}  // namespace surety
