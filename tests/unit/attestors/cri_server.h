#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "cri.grpc.pb.h"

namespace surety::testing {

/// A real gRPC server that speaks CRI on a Unix socket, and says what a test wants.
class CriServer final : public runtime::v1::RuntimeService::Service {
 public:
  explicit CriServer(std::string path) : path_(std::move(path)) {
    grpc::ServerBuilder builder;
    builder.SetMaxSendMessageSize(-1);
    builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~CriServer() override { Vanish(); }
  CriServer(const CriServer&) = delete;
  CriServer& operator=(const CriServer&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void Vanish() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_ = nullptr;
  }

  /// Says of `id`, which runs with this first process, that it is in the pod of namespace
  /// "shop" and uid "0b5c-1".
  void SayRunning(const std::string& id, pid_t pid, const std::string& tier = "gold") {
    const std::lock_guard lock(mutex_);
    auto& status = *container.mutable_status();
    status.set_id(id);
    status.set_state(runtime::v1::CONTAINER_RUNNING);
    status.set_started_at(1);
    status.mutable_metadata()->set_name("web");
    status.mutable_image()->set_image("pay:1");
    status.set_image_ref("registry.example/pay@sha256:d");
    (*status.mutable_labels())["app"] = "pay";
    (*container.mutable_info())["info"] =
        R"({"sandboxID":"ab12","pid":)" + std::to_string(pid) + R"(,"config":{}})";
    auto& sandbox = *pod.mutable_status();
    sandbox.set_id("ab12");
    sandbox.mutable_metadata()->set_name("pay-1");
    sandbox.mutable_metadata()->set_uid("0b5c-1");
    sandbox.mutable_metadata()->set_namespace_("shop");
    (*sandbox.mutable_labels())["tier"] = tier;
  }

  grpc::Status ContainerStatus(grpc::ServerContext* context,
                               const runtime::v1::ContainerStatusRequest* request,
                               runtime::v1::ContainerStatusResponse* response) override {
    ++requests;
    while (hold && !context->IsCancelled()) std::this_thread::yield();
    const std::lock_guard lock(mutex_);
    asked = *request;
    *response = container;
    return container_code;
  }
  grpc::Status PodSandboxStatus(grpc::ServerContext* /*context*/,
                                const runtime::v1::PodSandboxStatusRequest* /*request*/,
                                runtime::v1::PodSandboxStatusResponse* response) override {
    const std::lock_guard lock(mutex_);
    *response = pod;
    return pod_code;
  }

  // Changed by a test while nobody asks.
  runtime::v1::ContainerStatusResponse container;
  runtime::v1::PodSandboxStatusResponse pod;
  grpc::Status container_code;
  grpc::Status pod_code;
  runtime::v1::ContainerStatusRequest asked;
  std::atomic<bool> hold = false;
  std::atomic<int> requests = 0;

 private:
  const std::string path_;
  std::mutex mutex_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace surety::testing
