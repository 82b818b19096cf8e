#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "surety/unique_fd.h"

namespace surety::testing {

/// A real HTTP server on a Unix socket that behaves as badly as a test wants. Each
/// connection has a thread of its own and is closed after one answer.
class EngineServer {
 public:
  /// Gives the answer to a GET of this path: written as it is. An empty one closes
  /// the connection without a word.
  using Answer = std::function<std::string(const std::string& path)>;
  /// Writes to the connection itself, for as long as Write succeeds.
  using Script = std::function<void(int connection)>;

  /// It is of `uid`, as far as others can tell.
  explicit EngineServer(std::string path, uid_t uid = 0);
  EngineServer(const EngineServer&) = delete;
  EngineServer& operator=(const EngineServer&) = delete;
  ~EngineServer();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int requests() const { return requests_; }

  void Say(Answer answer);
  void Do(Script script);
  /// Nobody listens any more, and the name is gone.
  void Vanish();

  /// All of it, or false: the other end is gone, or this server is ending.
  bool Write(int connection, const std::string& bytes) const;
  /// Waits until the other end is gone or this server is ending.
  void Hang(int connection) const;

 private:
  void Accept();
  void Serve(int connection);

  const std::string path_;
  UniqueFd listener_;
  UniqueFd stop_;  // An eventfd, readable once it is ending.
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  Answer answer_;  // By mutex_, as all that follows.
  Script script_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

/// One whole answer of an engine.
std::string HttpAnswer(int status, const std::string& body,
                       const std::string& type = "application/json");

}  // namespace surety::testing
