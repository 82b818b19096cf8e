#include "agent/issuance/key_pool.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace surety {

void KeyPool::Kept::Wipe::operator()(unsigned char* bytes) const {
  OPENSSL_secure_clear_free(bytes, kP256Pkcs8Size);
}

KeyPool::KeyPool() : owner_(::getpid()) {
  keys_.reserve(kMost);
  try {
    filler_ = std::thread([this] { Fill(); });
  } catch (const std::system_error&) {
    wanted_ = false;  // No thread to be had: every key is made when it is asked for.
  }
}

KeyPool::~KeyPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (filler_.joinable()) filler_.join();
}

Result<P256Key> KeyPool::Take() {
  if (::getpid() != owner_) return GenerateP256Key();
  Kept key;
  {
    std::unique_lock lock(mutex_);
    if (!keys_.empty()) {
      key = std::move(keys_.back());
      keys_.pop_back();
    }
    const bool wake = keys_.size() < kFew && !std::exchange(wanted_, true);
    lock.unlock();
    if (wake) wake_.notify_one();
  }
  if (!key.pkcs8) return GenerateP256Key();
  return P256Key{std::move(key.public_point),
                 SecretBytes(std::span<const std::uint8_t>(key.pkcs8.get(), kP256Pkcs8Size))};
}

std::size_t KeyPool::size() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

// Without bytes if none could be made or there is no room for it.
KeyPool::Kept KeyPool::Make() {
  Kept kept;
  const auto key = GenerateP256Key();
  if (!key) return kept;
  kept.pkcs8.reset(static_cast<unsigned char*>(OPENSSL_secure_malloc(kP256Pkcs8Size)));
  if (!kept.pkcs8) return kept;
  std::ranges::copy(key->pkcs8.Reveal(), kept.pkcs8.get());
  kept.public_point = key->public_point;
  return kept;
}

void KeyPool::Fill() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait(lock, [this] { return stopping_ || wanted_; });
    FillUp(lock);
    wanted_ = false;  // After a failure it is tried again when a key has been asked for.
  }
}

void KeyPool::FillUp(std::unique_lock<std::mutex>& lock) {
  while (!stopping_ && keys_.size() < kMost) {
    lock.unlock();
    Kept key = Make();
    lock.lock();
    if (!key.pkcs8) return;
    keys_.push_back(std::move(key));
  }
}

}  // namespace surety
