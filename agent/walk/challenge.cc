#include "surety/session.h"

namespace surety {

bool Challenge::BeginsLook(BootTime now) {
  if (!pending() || begun_ || now < due_) return false;
  begun_ = true;
  return true;
}

Challenge::State Challenge::Saw(const Attestation& seen, BootTime now) {
  constexpr int kFirst = 1;
  constexpr int kSecond = 2;
  const bool fresh = begun_ && seen.complete_but_for_optional();
  if (pending() && !fresh) return State::kLookAgain;
  if (looks_ == kSecond && seen.selectors == first_fresh_) {
    Reset();
    return State::kPassed;
  }
  // The one that raised the challenge may rest on what is cached.
  if (pending()) first_fresh_ = seen.selectors;
  looks_ = pending() ? kSecond : kFirst;
  begun_ = false;
  due_ = now + gap_;
  return State::kLookAgain;
}

}  // namespace surety
