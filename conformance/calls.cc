#include "conformance/calls.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <map>

namespace conformance {
namespace {

constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

std::chrono::system_clock::time_point In(Milliseconds time) {
  return std::chrono::system_clock::now() + time;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace

std::string NameOf(Code code) {
  static const std::map<Code, std::string> names = {{Code::kOk, "OK"},
                                                    {Code::kInvalidArgument, "INVALID_ARGUMENT"},
                                                    {Code::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
                                                    {Code::kPermissionDenied, "PERMISSION_DENIED"},
                                                    {Code::kUnimplemented, "UNIMPLEMENTED"},
                                                    {Code::kUnavailable, "UNAVAILABLE"},
                                                    {Code::kUnauthenticated, "UNAUTHENTICATED"}};
  const auto found = names.find(code);
  return found == names.end() ? "status " + std::to_string(static_cast<int>(code)) : found->second;
}

std::string TextOf(const End& end) {
  return end.message.empty() ? NameOf(end.code) : NameOf(end.code) + ": " + end.message;
}

std::string TextOf(const Answer& answer) {
  return answer.message ? "is served" : TextOf(answer.end);
}

Headers SecurityHeader() { return {{"workload.spiffe.io", "true"}}; }

// One operation is under way at a time; an event of the queue is the end of it.
class Call::State {
 public:
  State(grpc::GenericStub& stub, std::string_view method, const std::string& request,
        const Headers& headers, Milliseconds patience) {
    for (const auto& [key, value] : headers) context_.AddMetadata(key, value);
    stream_ = stub.PrepareCall(&context_, std::string(method), &queue_);
    stream_->StartCall(this);
    if (!Completes(patience)) return;
    stream_->WriteLast(BufferOf(request), {}, this);
    static_cast<void>(Completes(patience));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  std::optional<std::string> Next(Milliseconds patience) {
    if (end_) return std::nullopt;
    if (!reading_) stream_->Read(&buffer_, this);
    reading_ = true;
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, In(patience)) != grpc::CompletionQueue::GOT_EVENT)
      return std::nullopt;
    reading_ = false;
    if (ok) return BytesOf(buffer_);
    Finish();
    return std::nullopt;
  }

  const std::optional<End>& end() const { return end_; }

 private:
  bool Completes(Milliseconds patience) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, In(patience)) != grpc::CompletionQueue::GOT_EVENT) {
      context_.TryCancel();
      static_cast<void>(queue_.Next(&tag, &ok));
      end_ = End{Code::kDeadlineExceeded, "the request could not be sent in time"};
    }
    return !end_;
  }

  void Finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    void* tag = nullptr;
    bool ok = false;
    static_cast<void>(queue_.Next(&tag, &ok));
    end_ = End{static_cast<Code>(status.error_code()), status.error_message()};
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer buffer_;
  bool reading_ = false;
  std::optional<End> end_;
};

Call::Call(std::unique_ptr<State> state) : state_(std::move(state)) {}
Call::~Call() = default;
std::optional<std::string> Call::Next(Milliseconds patience) { return state_->Next(patience); }
const std::optional<End>& Call::end() const { return state_->end(); }

class Endpoint::State {
 public:
  State(const std::string& target, Milliseconds answer_within)
      : channel(Channel(target)), stub(channel), patience(answer_within) {}

  const std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
  const Milliseconds patience;

 private:
  static std::shared_ptr<grpc::Channel> Channel(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    // Servers in Go refuse the path of a socket as a name.
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
};

Endpoint::Endpoint(const std::string& target, Milliseconds patience)
    : state_(std::make_unique<State>(target, patience)) {}
Endpoint::~Endpoint() = default;

bool Endpoint::Connects() { return state_->channel->WaitForConnected(In(state_->patience)); }

std::unique_ptr<Call> Endpoint::Open(std::string_view method, const std::string& request,
                                     const Headers& headers) {
  return std::make_unique<Call>(
      std::make_unique<Call::State>(state_->stub, method, request, headers, state_->patience));
}

Answer Endpoint::Ask(std::string_view method, const std::string& request, const Headers& headers) {
  const auto call = Open(method, request, headers);
  return FirstOf(*call, state_->patience);
}

Answer FirstOf(Call& call, Milliseconds patience) {
  Answer answer{.message = call.Next(patience), .end = {}};
  if (call.end()) answer.end = *call.end();
  if (!answer.message && !call.end())
    answer.end = {Code::kDeadlineExceeded,
                  "no answer within " + std::to_string(patience.count()) + " ms"};
  return answer;
}

}  // namespace conformance
