#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/issuance/p256_key.h"
#include "surety/result.h"

namespace surety {

/// A few P-256 keys made ahead, so that a workload's first SVID need not wait for
/// its key: that takes as long as all else about a certificate. They lie in
/// OpenSSL's secure heap (key_memory.h), are wiped when they leave it, and are
/// handed out once each. Thread-safe.
class KeyPool {
 public:
  KeyPool();
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;
  ~KeyPool();

  /// A key that nobody has had. Never waits for the pool: while it is empty, the
  /// key is made here and now. So it is in a process that was forked off the pool's
  /// and has copies of its keys; there nothing else may be called, nor the pool be
  /// destroyed. kInternal as GenerateP256Key().
  Result<P256Key> Take();

  /// How many there are at most, and below how many more are made.
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kFew = 8;

  /// How many there are.
  [[nodiscard]] std::size_t size() const;

 private:
  /// A key in the secure heap.
  struct Kept {
    struct Wipe {
      void operator()(unsigned char* bytes) const;
    };
    std::string public_point;
    std::unique_ptr<unsigned char, Wipe> pkcs8;
  };

  static Kept Make();
  void Fill();
  void FillUp(std::unique_lock<std::mutex>& lock);

  const pid_t owner_;
  mutable std::mutex mutex_;  // Guards all below but the thread.
  std::condition_variable wake_;
  std::vector<Kept> keys_;
  bool wanted_ = true;
  bool stopping_ = false;
  std::thread filler_;
};

}  // namespace surety
