#include "attestors/sha256_file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "attestors/boot_now.h"

namespace surety {
namespace {

constexpr std::size_t kStep = 128UL * 1024;

struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { ::EVP_MD_CTX_free(digest); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

// What libcrypto keeps for a thread it frees when the thread ends, but no more once
// the program is ending: a worker that outlives main would leak it.
struct ThreadState {
  ThreadState() = default;
  ThreadState(const ThreadState&) = delete;
  ThreadState(ThreadState&&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;
  ThreadState& operator=(ThreadState&&) = delete;
  ~ThreadState() { ::OPENSSL_thread_stop(); }
};

Error LibraryFailed() { return {ErrorCode::kInternal, "OpenSSL could not compute SHA-256"}; }

Result<std::string> Finish(EVP_MD_CTX* digest) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  if (::EVP_DigestFinal_ex(digest, bytes.data(), &length) != 1) return LibraryFailed();
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += kHex[bytes.at(i) >> 4U];
    hex += kHex[bytes.at(i) & 0x0fU];
  }
  return hex;
}

}  // namespace

Result<std::string> Sha256OfFile(int fd, std::uint64_t size, BootTime deadline,
                                 const std::stop_token& stop) {
  const ThreadState freed_last;
  const Digest digest(::EVP_MD_CTX_new());
  if (!digest || ::EVP_DigestInit_ex(digest.get(), ::EVP_sha256(), nullptr) != 1)
    return LibraryFailed();

  std::vector<unsigned char> step(std::min<std::uint64_t>(kStep, size));
  for (std::uint64_t offset = 0; offset < size;) {
    if (stop.stop_requested()) return Error(ErrorCode::kUnavailable, "hashing was stopped");
    if (BootNow() >= deadline)
      return Error(ErrorCode::kDeadline, "reading the executable takes too long");
    const std::size_t wanted = std::min<std::uint64_t>(step.size(), size - offset);
    const ssize_t got = ::pread(fd, step.data(), wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return Error(ErrorCode::kUnavailable,
                   "reading the executable: " + std::string(std::strerror(errno)));
    if (got == 0)
      return Error(ErrorCode::kUnavailable, "the executable became shorter while it was hashed");
    if (::EVP_DigestUpdate(digest.get(), step.data(), static_cast<std::size_t>(got)) != 1)
      return LibraryFailed();
    offset += static_cast<std::uint64_t>(got);
  }
  return Finish(digest.get());
}

}  // namespace surety
