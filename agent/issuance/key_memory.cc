#include "agent/issuance/key_memory.h"

#include <openssl/crypto.h>

namespace surety {

Result<void> LockKeyMemory() {
  constexpr std::size_t kSmallestPiece = 32;
  constexpr int kLocked = 1;
  if (CRYPTO_secure_malloc_initialized() == 1) return {};
  const int made = CRYPTO_secure_malloc_init(kKeyMemorySize, kSmallestPiece);
  if (made == kLocked) return {};
  if (made == 0) {
    return Error(ErrorCode::kInternal, "no secure heap for keys: they are wiped, but not locked");
  }
  return Error(ErrorCode::kUnavailable,
               "keys cannot be locked in memory and may reach swap space: allow 64 KiB of locked "
               "memory (LimitMEMLOCK= in the unit, ulimit -l in a shell)");
}

}  // namespace surety
