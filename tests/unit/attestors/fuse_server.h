#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "surety/unique_fd.h"

namespace surety::testing {

/// A FUSE file system with one executable file, "exe", spoken in the kernel's
/// raw protocol (linux/fuse.h). Needs root. It can be told to answer nothing any
/// more, as a hostile owner would.
class FuseServer {
 public:
  /// Mounts on the folder `at`. ok() tells whether that worked.
  FuseServer(std::string at, std::string contents);
  FuseServer(const FuseServer&) = delete;
  FuseServer& operator=(const FuseServer&) = delete;
  /// Unmounts; whoever still waits for an answer gets ENOTCONN.
  ~FuseServer();

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string exe() const { return at_ + "/exe"; }
  /// From now on, reads, opens and statfs get no answer.
  void Hang() { hanging_ = true; }
  /// Unmounts now.
  void LetGo();
  /// Requests that were left without an answer.
  [[nodiscard]] int unanswered() const { return unanswered_; }

 private:
  void Serve();
  void Answer(std::span<const char> request);
  void Send(std::uint64_t unique, int error, std::span<const char> body);

  const std::string at_;
  const std::string contents_;
  UniqueFd device_;
  bool ok_ = false;
  std::atomic<bool> hanging_ = false;
  std::atomic<int> unanswered_ = 0;
  std::thread thread_;
};

}  // namespace surety::testing
