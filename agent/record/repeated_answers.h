#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/policy/bounded_map.h"
#include "surety/audit.h"

namespace surety {

/// Passes everything on to the real record, but of answers that change nothing (none
/// is minted, revoked or quarantined) and that are the same again and again, so many a
/// minute and no more: whoever asks in a loop, forks or not, must not fill the disk.
/// The others are counted, and a notice "answers.repeated" tells how many there were.
/// They are given the id of a decision like theirs that is in the record.
///
/// Alike are answers to one user, or to one lineage, with the same action, verdict and
/// reasons, entry by entry. The real record outlives this. Thread-safe.
class RepeatedAnswers final : public AuditLog {
 public:
  /// What is recorded of answers alike within one minute.
  struct Limits {
    std::uint32_t of_lineage = 30;
    std::uint32_t of_user = 240;
    std::size_t answers = 8'192;  ///< Beyond it, those longest not given are forgotten.
  };
  static constexpr Seconds kWindow{60};

  RepeatedAnswers(AuditLog& record, const Limits& limits)
      : record_(record), limits_(limits), of_lineage_(limits.answers), of_user_(limits.answers) {}

  Result<std::string> Write(const AuditEvent& event) override;
  Result<void> Note(const AuditNotice& notice) override { return record_.Note(notice); }

  /// Tells of what was left out in minutes that are over. Called about once a second.
  void Tick(Moment now);

 private:
  struct Account {
    BootTime since;
    std::uint32_t recorded = 0;
    std::uint64_t left_out = 0;
    std::string decision;  // The last that is in the record.
  };
  using Accounts = BoundedMap<std::string, Account>;

  Account& AccountOf(Accounts& accounts, const std::string& name, BootTime now);
  void Collect(Accounts& accounts, BootTime now, bool all);

  AuditLog& record_;
  const Limits limits_;
  std::mutex mutex_;
  Accounts of_lineage_;  // By mutex_, as all that follows.
  Accounts of_user_;
  bool any_left_out_ = false;
  std::vector<std::pair<std::string, Account>> untold_;
};

}  // namespace surety
