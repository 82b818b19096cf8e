#include "surety/session.h"

namespace surety {

Challenge::State Challenge::Saw(const Attestation& seen) {
  constexpr int kFirstFresh = 1;
  constexpr int kSecondFresh = 2;
  if (looks_ == kSecondFresh && seen.complete() && seen.selectors == first_fresh_) {
    looks_ = 0;
    return State::kPassed;
  }
  const bool fresh = looks_ >= kFirstFresh && seen.complete();
  if (fresh) first_fresh_ = seen.selectors;
  looks_ = fresh ? kSecondFresh : kFirstFresh;
  return State::kLookAgain;
}

}  // namespace surety
