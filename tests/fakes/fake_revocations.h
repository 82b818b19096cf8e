#pragma once

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "surety/sanction.h"

namespace surety {

/// Revocations that a test sets.
class FakeRevocations final : public RevocationSource {
 public:
  void Add(Revocation revocation) {
    const std::lock_guard lock(mutex_);
    all_.insert(std::ranges::upper_bound(all_, revocation.serial, {}, &Revocation::serial),
                std::move(revocation));
    ++revision_;
  }
  [[nodiscard]] std::vector<Revocation> Revoked(WallTime now) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Revocation> revoked = all_;
    std::erase_if(revoked, [now](const Revocation& one) { return one.not_after <= now; });
    return revoked;
  }
  [[nodiscard]] std::uint64_t revision() const override {
    const std::lock_guard lock(mutex_);
    return revision_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Revocation> all_;
  std::uint64_t revision_ = 0;
};

}  // namespace surety
