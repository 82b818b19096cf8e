#pragma once

#include <unistd.h>

#include <span>
#include <string>

#include "agent/issuance/disk_writes.h"

namespace surety {

/// A disk on which one operation, counted from 1, goes wrong: it fails, or the
/// process dies on the spot as by SIGKILL, with half of a write on the disk.
class FailingDisk final : public DiskWrites {
 public:
  enum class Fault { kFail, kDie };
  static constexpr int kDied = 99;  // Exit status.

  FailingDisk(int at, Fault fault) : at_(at), fault_(fault) {}
  [[nodiscard]] int operations() const { return operations_; }

  Result<UniqueFd> Create(int dir, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed.error();
    return DiskWrites::Create(dir, name);
  }
  Result<void> Write(int fd, std::span<const std::uint8_t> bytes,
                     const std::string& name) override {
    if (operations_ + 1 == at_) (void)DiskWrites::Write(fd, bytes.first(bytes.size() / 2), name);
    if (auto failed = Count(); !failed) return failed;
    return DiskWrites::Write(fd, bytes, name);
  }
  Result<void> LetAllRead(int fd, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    return DiskWrites::LetAllRead(fd, name);
  }
  Result<void> Sync(int fd, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    return DiskWrites::Sync(fd, name);
  }
  Result<void> Rename(int dir, const std::string& from, const std::string& to) override {
    if (auto failed = Count(); !failed) return failed;
    return DiskWrites::Rename(dir, from, to);
  }
  Result<void> Remove(int dir, const std::string& name) override {
    if (auto failed = Count(); !failed) return failed;
    return DiskWrites::Remove(dir, name);
  }

 private:
  Result<void> Count() {
    if (++operations_ != at_) return {};
    if (fault_ == Fault::kDie) ::_exit(kDied);
    return Error(ErrorCode::kUnavailable, "the disk failed, as the test wanted");
  }

  const int at_;
  const Fault fault_;
  int operations_ = 0;
};

}  // namespace surety
