#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// What an errno of a call on a file of a living process's /proc/PID stands for.
ErrorCode CodeOfProcError(int error);

/// The whole of a file under /proc: nullopt above `max_bytes`, never cut short.
/// On failure the Error has CodeOfProcError's code, and `error` the errno.
/// `one_record`: the kernel prints the file in one piece, so that what one read
/// gives, if shorter than asked for, is all of it.
Result<std::optional<std::string>> ReadProcFile(int fd, std::size_t max_bytes, bool one_record,
                                                int& error);

/// Whether this file of /proc/PID is printed in one piece.
bool IsOneRecord(std::string_view name);

/// How many descriptors may still be kept open; shared by all handles.
using Allowance = std::atomic<int>;

/// The descriptor of one file of one record, kept open for the next read while
/// the allowance lasts. Thread-safe: each read starts at the beginning.
class KeptFile {
 public:
  explicit KeptFile(std::shared_ptr<Allowance> allowance) : allowance_(std::move(allowance)) {}
  KeptFile(const KeptFile&) = delete;
  KeptFile& operator=(const KeptFile&) = delete;
  ~KeptFile();

  /// -1 if none is kept. Open for as long as this object lives.
  [[nodiscard]] int get() const { return fd_.load(std::memory_order_acquire); }
  /// Takes the descriptor if it may; else closes it.
  void Keep(UniqueFd fd);

 private:
  const std::shared_ptr<Allowance> allowance_;
  std::atomic<int> fd_{-1};
};

/// The whole of a kept file; nullopt if it is longer than is read in one piece,
/// so that it must be opened afresh. On failure as ReadProcFile.
Result<std::optional<std::string>> ReadKeptFile(int fd, int& error);

}  // namespace surety
