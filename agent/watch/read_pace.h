#pragma once

#include <cstddef>

#include "surety/clock.h"

namespace surety {

/// Says how long to leave a socket alone after it was read, so that many messages
/// are read at one wake-up. Pure; one owner.
class ReadPace {
 public:
  /// Always `least`; and `busy` while more than `many` messages come within 10 ms.
  ReadPace(BootClock::duration least, BootClock::duration busy, std::size_t many)
      : least_(least), busy_(busy), many_(many) {}

  BootClock::duration Pause(std::size_t messages, BootTime now) {
    constexpr BootClock::duration kWindow = std::chrono::milliseconds(10);
    if (now - begun_ >= kWindow) {
      begun_ = now;
      count_ = 0;
    }
    count_ += messages;
    return count_ > many_ ? busy_ : least_;
  }

 private:
  const BootClock::duration least_;
  const BootClock::duration busy_;
  const std::size_t many_;
  BootTime begun_{};
  std::size_t count_ = 0;
};

}  // namespace surety
