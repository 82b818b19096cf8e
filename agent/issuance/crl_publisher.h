#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/issuance/authority.h"
#include "agent/issuance/bundles_with_crls.h"
#include "agent/issuance/crl_calendar.h"
#include "agent/issuance/crl_dates_file.h"
#include "agent/issuance/disk_writes.h"
#include "surety/bundle.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/sanction.h"

namespace surety {

struct CrlOptions {
  std::string state_dir;   ///< Numbers are kept in its subfolder "crl".
  Seconds validity{3600};  ///< From making to nextUpdate; at least 10 s. Renewed at half of it.
  Seconds clock_skew{30};  ///< How far thisUpdate is dated back, as certificates are.
  std::string file{};      ///< Absolute path for all CRLs as PEM; empty: none.
  /// What the CRLs in a BundleSet may have together. A client takes no message
  /// above 4 MiB unless told otherwise, and SVIDs and bundles are in it as well.
  std::size_t most_bytes = std::size_t{3} << 20U;
};

/// How it stands with the CRLs.
struct CrlStatus {
  struct Issuer {
    std::string key_id;  ///< Lower-case hex.
    std::uint64_t number = 0;
    WallTime this_update;
    WallTime next_update;
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  std::optional<WallTime> published_at;  ///< When the newest were made.
  std::vector<Issuer> issuers;           ///< As the authority's CrlSigners().
};

/// What one call of Work() has come to.
struct CrlProgress {
  BootTime call_again_at;           ///< Call Work() by then.
  bool bundles_changed = false;     ///< Wake every stream.
  std::vector<std::string> events;  ///< What was done: sentences for the log.
  /// What could not be done; it is tried again at `call_again_at`.
  std::optional<Error> failure;
};

/// Keeps one CRL for every authority whose key we hold, also while nothing is
/// revoked, and is the source of bundles that streams use: the authority's, and
/// the CRLs. docs/decisions/010-crl.md.
///
/// Thread-safe. Work() calls wait for one another; Bundles(), Status() and
/// Degraded() wait for none of them.
class CrlPublisher final : public BundleSource {
 public:
  /// Reads the numbers from before; publishes nothing yet. All but the options
  /// must outlive the publisher. kInvalidArgument: the options do not fit. Else as
  /// CrlDatesFile::Open().
  static Result<std::unique_ptr<CrlPublisher>> Open(const Authority& authority,
                                                    const RevocationSource& revocations,
                                                    CrlOptions options);
  /// The same, writing through `disk`: for tests.
  static Result<std::unique_ptr<CrlPublisher>> Open(const Authority& authority,
                                                    const RevocationSource& revocations,
                                                    CrlOptions options, DiskWrites& disk);

  /// Does what is due. Call it before the first stream is served, at
  /// `call_again_at`, whenever the revocations' revision has risen, after the
  /// authority's Advance() and Reload(), and when the wall clock has been set. A
  /// revocation is in Bundles() when this returns, unless the CRLs from before are too
  /// young; then `call_again_at` says when it will be. Costs a few
  /// microseconds while nothing is due.
  ///
  /// The new numbers are on the disk before the CRLs are seen by anyone. If they
  /// cannot be stored, the CRLs go out all the same: a full disk must not keep
  /// anybody from being revoked.
  CrlProgress Work(Moment now);
  /// Between two publications. The longer one holds where the next thisUpdate would lie
  /// ahead of half of the clock skew, as after a long burst or a clock that was set back.
  static constexpr std::chrono::milliseconds kShortSpacing{200};
  static constexpr Seconds kLongSpacing{1};

  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override {
    return bundles_.Bundles();
  }

  [[nodiscard]] CrlStatus Status() const;

  /// What an operator should know and may have to mend, in plain sentences.
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const;

 private:
  using Signers = std::vector<std::shared_ptr<const Signer>>;
  /// What the newest CRLs were made from.
  struct Basis {
    Moment at;
    std::uint64_t revision = 0;
    Signers signers;
    WallTime renew_at;
  };

  CrlPublisher(const Authority& authority, const RevocationSource& revocations, CrlOptions options,
               DiskWrites& disk, CrlDatesFile file);
  [[nodiscard]] BootTime PublishAt(Moment now) const;
  [[nodiscard]] BootTime NextOfBurstAt(Moment now) const;
  [[nodiscard]] bool IsOutdated(Moment now) const;
  void Publish(Moment now, CrlProgress& progress);
  Result<std::vector<SignedCrl>> Sign(const Basis& basis,
                                      const std::vector<Revocation>& revocations) const;
  void Show(const std::vector<Revocation>& revocations);
  void StoreDates(Moment now);
  void WriteFile(Moment now);
  void Note(std::optional<Error>& kept, std::optional<Error> failure);

  const Authority& authority_;
  const RevocationSource& revocations_;
  const CrlOptions options_;
  DiskWrites& disk_;
  BundlesWithCrls bundles_;

  std::mutex work_mutex_;  // Guards what Work() alone uses, up to the next mutex.
  CrlDatesFile dates_file_;
  CrlCalendar calendar_;
  std::optional<Basis> basis_;
  std::vector<SignedCrl> crls_;
  std::optional<BootTime> sign_again_at_;   // After a failure.
  std::optional<BootTime> store_dates_at_;  // Something is to be stored.
  std::optional<BootTime> write_file_at_;
  std::uint64_t edition_ = 0;  // Of the bundles at the end of the last Work().

  mutable std::mutex view_mutex_;  // Guards all below.
  CrlStatus status_;
  std::vector<std::string> complaints_;  // About what the newest CRLs hold.
  std::optional<Error> sign_failure_;
  std::optional<Error> store_failure_;
  std::optional<Error> file_failure_;
};

}  // namespace surety
