#pragma once

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "surety/peer.h"
#include "surety/process.h"

namespace surety {

/// A process made of settings. Files and links that nobody set are kNotFound;
/// after Exit() everything is kPeerGone. The executable is a real file, opened
/// by the path given. Thread-safe.
class FakeProcess final : public ProcessHandle {
 public:
  explicit FakeProcess(ProcessKey key = {4711, 100}) : key_(key) {}

  void SetFile(const std::string& name, Result<std::string> contents) {
    Change([&] { files_.insert_or_assign(name, std::move(contents)); });
  }
  void SetLink(const std::string& name, Result<std::string> target) {
    Change([&] { links_.insert_or_assign(name, std::move(target)); });
  }
  void SetExecutable(Result<std::string> path) {
    Change([&] { executable_.emplace(std::move(path)); });
  }
  void SetCgroupId(Result<std::uint64_t> id) {
    Change([&] { cgroup_id_.emplace(std::move(id)); });
  }
  void Exit() {
    Change([&] { alive_ = false; });
  }
  /// Called after each file, link ("status", "ns/mnt") or "exe" was given, so
  /// that a test can have something happen between two reads.
  void AfterRead(std::function<void(std::string_view)> hook) {
    Change([&] { hook_ = std::move(hook); });
  }

  [[nodiscard]] ProcessKey key() const override { return key_; }
  [[nodiscard]] int pidfd() const override { return -1; }
  [[nodiscard]] bool IsAlive() const override {
    const std::lock_guard lock(mutex_);
    return alive_;
  }

  Result<std::string> ReadFile(std::string_view name, std::size_t max_bytes) const override {
    auto text = Find(files_, name);
    Tell(name);
    if (text && text->size() > max_bytes)
      return Error(ErrorCode::kResourceExhausted, std::string(name) + " is too long");
    return text;
  }
  Result<std::string> ReadLink(std::string_view name) const override {
    auto target = Find(links_, name);
    Tell(name);
    return target;
  }
  Result<UniqueFd> OpenExecutable() const override {
    auto opened = Open();
    Tell("exe");
    return opened;
  }
  Result<std::uint64_t> CgroupId() const override {
    const std::lock_guard lock(mutex_);
    if (!alive_) return Gone();
    return *cgroup_id_;
  }

 private:
  using Table = std::map<std::string, Result<std::string>, std::less<>>;

  static Error Gone() { return {ErrorCode::kPeerGone, "the fake process has exited"}; }

  template <typename F>
  void Change(F change) {
    const std::lock_guard lock(mutex_);
    change();
  }
  Result<std::string> Find(const Table& table, std::string_view name) const {
    const std::lock_guard lock(mutex_);
    if (!alive_) return Gone();
    const auto at = table.find(name);
    if (at == table.end()) return Error(ErrorCode::kNotFound, std::string(name) + " is not there");
    return at->second;
  }
  Result<UniqueFd> Open() const {
    const std::lock_guard lock(mutex_);
    if (!alive_) return Gone();
    if (!executable_) return Error(ErrorCode::kNotFound, "exe is not there");
    if (!*executable_) return executable_->error();
    UniqueFd file(::open((**executable_).c_str(), O_PATH | O_CLOEXEC));
    if (!file) return Error(ErrorCode::kNotFound, std::strerror(errno));
    return file;
  }
  void Tell(std::string_view name) const {
    std::function<void(std::string_view)> hook;
    {
      const std::lock_guard lock(mutex_);
      hook = hook_;
    }
    if (hook) hook(name);
  }

  const ProcessKey key_;
  mutable std::mutex mutex_;
  Table files_;  // By mutex_, as all that follows.
  Table links_;
  std::optional<Result<std::string>> executable_;
  std::optional<Result<std::uint64_t>> cgroup_id_{
      Error(ErrorCode::kNotFound, "this kernel does not tell cgroup ids")};
  std::function<void(std::string_view)> hook_;
  bool alive_ = true;
};

/// A peer that is this process.
inline Peer PeerOf(std::shared_ptr<const ProcessHandle> process, uid_t uid = 0, gid_t gid = 0) {
  return {std::move(process), uid, gid, 1};
}

}  // namespace surety
