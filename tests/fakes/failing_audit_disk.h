#pragma once

#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "agent/record/audit_disk.h"

namespace surety {

/// A disk on which one operation, counted from 1, goes wrong: it fails, or the
/// process dies on the spot as by SIGKILL; half of a write is done before. Or all
/// fail from there on, until the test mends it.
class FailingAuditDisk final : public AuditDisk {
 public:
  enum class Fault { kFailOnce, kFailOn, kDie };
  static constexpr int kDied = 99;  // Exit status.

  FailingAuditDisk() = default;
  FailingAuditDisk(int at, Fault fault) : at_(at), fault_(fault) {}

  [[nodiscard]] int operations() const { return operations_; }
  /// From the next operation on, or no more.
  void FailNow() {
    at_ = operations_ + 1;
    fault_ = Fault::kFailOn;
  }
  void FailSyncs(bool fail) { syncs_fail_ = fail; }
  void Mend() { at_ = 0; }
  /// Each write takes so many bytes at most.
  void TakeAtMost(std::size_t bytes) { most_ = bytes; }

  Result<UniqueFd> Create(int dir, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed.error();
    return AuditDisk::Create(dir, name);
  }
  Result<std::size_t> Append(int fd, std::string_view bytes, const std::string& name) override {
    if (WillFail()) (void)AuditDisk::Append(fd, bytes.substr(0, bytes.size() / 2), name);
    if (auto failed = Count(); !failed) return failed.error();
    return AuditDisk::Append(fd, bytes.substr(0, most_), name);
  }
  Result<void> Truncate(int fd, std::uint64_t size, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    return AuditDisk::Truncate(fd, size, name);
  }
  Result<void> Sync(int fd, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    if (syncs_fail_) return Error(ErrorCode::kUnavailable, "the disk does not sync: I/O error");
    return AuditDisk::Sync(fd, name);
  }
  Result<void> Rename(int dir, const std::string& from, const std::string& to) override {
    if (auto failed = Count(); !failed) return failed;
    return AuditDisk::Rename(dir, from, to);
  }
  Result<void> Remove(int dir, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    return AuditDisk::Remove(dir, name);
  }

 private:
  [[nodiscard]] bool WillFail() const {
    const int next = operations_ + 1;
    return at_ != 0 && (fault_ == Fault::kFailOn ? next >= at_ : next == at_);
  }
  Result<void> Count() {
    const bool fails = WillFail();
    ++operations_;
    if (!fails) return {};
    if (fault_ == Fault::kDie) ::_exit(kDied);
    return Error(ErrorCode::kUnavailable, "the disk failed, as the test wanted");
  }

  std::atomic<int> at_ = 0;
  std::atomic<Fault> fault_ = Fault::kFailOnce;
  std::atomic<int> operations_ = 0;
  std::atomic<bool> syncs_fail_ = false;
  std::atomic<std::size_t> most_ = std::string_view::npos;
};

}  // namespace surety
