#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/issuance/crl_dates_file.h"

// What is taken is printed and read back as the same, has a next number that is
// higher, and may still be stored with it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using surety::CrlCalendar;
  const auto dates =
      surety::ParseCrlDates(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!dates) return dates.error().code() == surety::ErrorCode::kDataLoss ? 0 : (std::abort(), 0);
  const auto again = surety::ParseCrlDates(surety::PrintCrlDates(*dates));
  if (!again || *again != *dates || dates->size() > CrlCalendar::kMostAuthorities) std::abort();
  const surety::Moment now{.boot = surety::BootTime(std::chrono::hours(1)),
                           .wall = surety::WallTime(std::chrono::hours(24 * 365 * 56))};
  CrlCalendar calendar(*dates, surety::Seconds(30), surety::Seconds(3600));
  calendar.Observe(now);
  for (const auto& [key_id, date] : *dates) {
    const surety::CrlDate next = calendar.Next(key_id, now);
    if (next.number <= date.number || next.this_update <= date.this_update) std::abort();
    calendar.Note(key_id, next);
  }
  return 0;
}
