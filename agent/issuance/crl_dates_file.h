#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "agent/issuance/authority_folder.h"
#include "agent/issuance/crl_calendar.h"
#include "agent/issuance/disk_writes.h"
#include "surety/result.h"

namespace surety {

/// Reads at most kLargestCrlDates bytes of JSON. kDataLoss says what is wrong:
/// not JSON, another version, a missing or unknown key, a value out of range, an
/// authority that stands twice.
Result<CrlDates> ParseCrlDates(std::string_view text);
inline constexpr std::size_t kLargestCrlDates = 65'536;

/// The text that ParseCrlDates() reads back as the same dates.
std::string PrintCrlDates(const CrlDates& dates);

/// <state_dir>/crl/numbers.json: the number and date of each authority's newest
/// CRL, kept so that neither goes back after a restart. Not thread-safe.
class CrlDatesFile {
 public:
  /// Opens the folder as AuthorityFolder does, with its errors, and reads the
  /// file; no dates if there is none. kDataLoss, with what to do, if it is damaged.
  static Result<CrlDatesFile> Open(const std::string& state_dir, DiskWrites& disk);

  /// As they were when the file was opened.
  [[nodiscard]] const CrlDates& dates() const { return dates_; }

  /// On the disk when it returns; on failure the old ones are, or the new.
  Result<void> Write(const CrlDates& dates);

 private:
  explicit CrlDatesFile(AuthorityFolder folder) : folder_(std::move(folder)) {}

  AuthorityFolder folder_;
  CrlDates dates_;
};

}  // namespace surety
