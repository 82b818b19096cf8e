#include "attestors/proc_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace surety {
namespace {

// Enough for nearly every file of one record, and for an environment, in one read.
constexpr std::size_t kStep = 16UL * 1024;
using Buffer = std::array<char, kStep>;

Error Failed(int error) { return {CodeOfProcError(error), std::strerror(error)}; }

}  // namespace

ErrorCode CodeOfProcError(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EINVAL:
    case EOPNOTSUPP: return ErrorCode::kNotFound;
    case EACCES:
    case EPERM: return ErrorCode::kPermissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ErrorCode::kResourceExhausted;
    default: return ErrorCode::kUnavailable;
  }
}

bool IsOneRecord(std::string_view name) {
  // single_open or simple_read_from_buffer in the kernel's source.
  constexpr std::array<std::string_view, 6> kNames = {"status", "cgroup",    "stat",
                                                      "auxv",   "sessionid", "comm"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Result<std::optional<std::string>> ReadProcFile(int fd, std::size_t max_bytes, bool one_record,
                                                int& error) {
  std::string text;
  Buffer step;  // NOLINT(cppcoreguidelines-pro-type-member-init): read(2) fills it.
  for (;;) {
    const ssize_t got = ::read(fd, step.data(), step.size());
    if (got == 0) return std::optional(std::move(text));
    if (got < 0) {
      if (errno == EINTR) continue;
      error = errno;
      return Failed(error);
    }
    const auto length = static_cast<std::size_t>(got);
    text.append(step.data(), length);
    if (text.size() > max_bytes) return std::optional<std::string>();
    if (one_record && length < step.size()) return std::optional(std::move(text));
  }
}

Result<std::optional<std::string>> ReadKeptFile(int fd, int& error) {
  Buffer buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): pread(2) fills it.
  ssize_t got = 0;
  do {
    got = ::pread(fd, buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    error = errno;
    return Failed(error);
  }
  const auto length = static_cast<std::size_t>(got);
  if (length == buffer.size()) return std::optional<std::string>();
  return std::optional(std::string(buffer.data(), length));
}

KeptFile::~KeptFile() {
  if (const UniqueFd kept(fd_.load()); kept) allowance_->fetch_add(1);
}

void KeptFile::Keep(UniqueFd fd) {
  if (allowance_->fetch_sub(1) > 0) {
    int none = -1;
    if (fd_.compare_exchange_strong(none, fd.get(), std::memory_order_acq_rel)) {
      [[maybe_unused]] const int given_up = fd.Release();
      return;
    }
  }
  allowance_->fetch_add(1);
}

}  // namespace surety
