#pragma once

#include <map>
#include <string>
#include <utility>

#include "agent/issuance/signed_crl.h"
#include "surety/clock.h"

namespace surety {

/// The number and date of each authority's newest CRL, by key id (lower-case hex).
using CrlDates = std::map<std::string, CrlDate>;

/// Dates CRLs, so that of two CRLs of one authority the later has the higher
/// number and a later thisUpdate, by a second at least, whatever the wall clock
/// does. Pure; not thread-safe.
///
/// thisUpdate is the wall clock's time less the skew, as with certificates, or a
/// second after the CRL before. The one exception keeps a clock that was once far
/// ahead from spoiling every CRL of an authority for as long as it lives: when an
/// authority's newest CRL has been seen to lie in the future for `validity` of
/// uptime without a break, thisUpdate follows the clock again. Whichever clock
/// was right, by then no older CRL is one that a verifier may believe: it is not
/// valid yet or has run out. Numbers never go back.
///
/// A number is at least thisUpdate in seconds since 1970. So numbers go on rising
/// when an old state folder is restored from a backup.
class CrlCalendar {
 public:
  CrlCalendar(CrlDates dates, Seconds clock_skew, Seconds validity)
      : dates_(std::move(dates)), clock_skew_(clock_skew), validity_(validity) {}

  /// Looks at the clock: call it at every turn, or "without a break" is not seen.
  void Observe(Moment now);

  /// The date of the authority's next CRL if it were made now.
  [[nodiscard]] CrlDate Next(const std::string& key_id, Moment now) const;

  /// Whether the authority's newest CRL lies in the future and the next one need not.
  [[nodiscard]] bool MayFollowTheClockAgain(const std::string& key_id, Moment now) const;

  /// `date` is from here on the authority's newest. At most kMostAuthorities are
  /// known; above that the one dated earliest is dropped.
  void Note(const std::string& key_id, const CrlDate& date);
  static constexpr std::size_t kMostAuthorities = 64;

  /// No CRL is dated by a clock beyond this; no kernel's clock is (settimeofday(2)).
  static constexpr std::chrono::sys_seconds kLatest{Seconds(8'300'000'000)};

  [[nodiscard]] const CrlDates& dates() const { return dates_; }

 private:
  CrlDates dates_;
  std::map<std::string, BootTime> ahead_since_;  // Whose newest CRL lies in the future.
  Seconds clock_skew_;
  Seconds validity_;
};

}  // namespace surety
