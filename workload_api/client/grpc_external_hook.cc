#include "workload_api/client/grpc_external_hook.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "hook.grpc.pb.h"
#include "workload_api/client/call_error.h"
#include "workload_api/client/trusted_socket.h"
#include "workload_api/client/unix_channel.h"

namespace surety {
namespace {

namespace pb = hook::v1;
using std::chrono::milliseconds;

constexpr int kMaxAnswerBytes = 16 * 1024;

pb::Action ActionOf(Action action) {
  switch (action) {
    case Action::kIssue: return pb::ACTION_ISSUE;
    case Action::kRotate: return pb::ACTION_ROTATE;
    case Action::kToken: return pb::ACTION_TOKEN;
    case Action::kTask: return pb::ACTION_TASK;
    case Action::kRequest: return pb::ACTION_REQUEST;
    case Action::kBundles: break;
  }
  return pb::ACTION_UNSPECIFIED;
}

pb::DecideRequest RequestOf(const HookQuestion& question) {
  pb::DecideRequest out;
  out.set_action(ActionOf(question.action));
  out.set_spiffe_id(std::string(question.spiffe_id));
  out.set_entry_id(std::string(question.entry_id));
  out.set_facts(question.decided.facts);
  pb::Decided& decided = *out.mutable_decided();
  decided.set_reason(question.decided.reason);
  for (const std::string& id : question.decided.policies) decided.add_policies(id);
  for (const std::string& id : question.decided.observed) decided.add_observed(id);
  const Obligations& duties = question.decided.obligations;
  decided.mutable_obligations()->set_ttl_cap_seconds(
      static_cast<std::uint64_t>(duties.ttl_cap.value_or(Seconds(0)).count()));
  decided.mutable_obligations()->set_alert(duties.alert);
  return out;
}

std::optional<Verdict> VerdictOf(pb::Verdict verdict) {
  switch (verdict) {
    case pb::VERDICT_ALLOW: return Verdict::kAllow;
    case pb::VERDICT_REFUSE: return Verdict::kRefuse;
    case pb::VERDICT_CHALLENGE: return Verdict::kChallenge;
    case pb::VERDICT_UNDECIDED: return Verdict::kUndecided;
    default: return std::nullopt;
  }
}

/// Zero is none. What no clock could count is told apart by its size alone.
std::optional<Seconds> SpanOf(std::uint64_t seconds) {
  constexpr auto kMost = static_cast<std::uint64_t>(Seconds::max().count());
  if (seconds == 0) return std::nullopt;
  return Seconds(static_cast<Seconds::rep>(std::min(seconds, kMost)));
}

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

Result<HookAnswer> AnswerOf(const pb::DecideResponse& from, const std::string& where) {
  const auto unreadable = [&](const std::string& what) {
    return Error(ErrorCode::kDataLoss, where + ": the hook's answer " + what);
  };
  // They may take away what this version of the daemon would hand out.
  if (HasUnknownFields(from) || HasUnknownFields(from.obligations()))
    return unreadable("has a field that this version does not know");
  const auto verdict = VerdictOf(from.verdict());
  if (!verdict)
    return unreadable("has no verdict that this version knows, but " +
                      std::to_string(static_cast<int>(from.verdict())));
  const pb::Obligations& duties = from.obligations();
  if (duties.quarantine_seconds() != 0 && !duties.quarantine())
    return unreadable("has the duration of a quarantine without one");
  return HookAnswer{.verdict = *verdict,
                    .reason = from.reason(),
                    .obligations = {.ttl_cap = SpanOf(duties.ttl_cap_seconds()),
                                    .revoke = duties.revoke(),
                                    .quarantine = duties.quarantine(),
                                    .quarantine_for = SpanOf(duties.quarantine_seconds()),
                                    .alert = duties.alert()}};
}

milliseconds LeftUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, milliseconds(1));
}

}  // namespace

struct GrpcExternalHook::Connection {
  explicit Connection(std::shared_ptr<grpc::Channel> over)
      : stub(pb::Hook::NewStub(std::move(over))) {}

  grpc::Status Decide(const pb::DecideRequest& request, milliseconds timeout,
                      pb::DecideResponse& response) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    return stub->Decide(&context, request, &response);
  }

  std::unique_ptr<pb::Hook::Stub> stub;
};

GrpcExternalHook::GrpcExternalHook(std::string socket_path)
    : socket_path_(std::move(socket_path)) {}
GrpcExternalHook::~GrpcExternalHook() = default;

Result<HookAnswer> GrpcExternalHook::Ask(const HookQuestion& question, milliseconds timeout) {
  // Of a clock that nobody sets.
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const pb::DecideRequest request = RequestOf(question);
  pb::DecideResponse response;
  if (const auto kept = Kept()) {
    const grpc::Status status = kept->Decide(request, timeout, response);
    if (status.ok()) return AnswerOf(response, socket_path_);
    GiveUp(kept);
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE)
      return ErrorOfCall(status, socket_path_);
  }
  const auto made = Connect(LeftUntil(deadline));
  if (!made) return made.error();
  const grpc::Status status = (*made)->Decide(request, LeftUntil(deadline), response);
  if (status.ok()) return AnswerOf(response, socket_path_);
  GiveUp(*made);
  return ErrorOfCall(status, socket_path_);
}

std::shared_ptr<GrpcExternalHook::Connection> GrpcExternalHook::Kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

Result<std::shared_ptr<GrpcExternalHook::Connection>> GrpcExternalHook::Connect(
    milliseconds timeout) {
  auto socket = ConnectTrusted(socket_path_, "the hook", timeout);
  if (!socket) return socket.error();
  auto made = std::make_shared<Connection>(ChannelOver(*std::move(socket), kMaxAnswerBytes));
  const std::lock_guard lock(mutex_);
  kept_ = made;
  return made;
}

void GrpcExternalHook::GiveUp(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  if (kept_ == connection) kept_ = nullptr;
}

}  // namespace surety
