#include "agent/issuance/crl_publisher.h"

#include <algorithm>
#include <utility>

#include "agent/identity/duration_text.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/crl_complaints.h"
#include "agent/issuance/crl_file.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

using std::chrono::sys_seconds;

constexpr Seconds kShortestValidity{10};
constexpr Seconds kLongestWait{60};  // So that a leap of the wall clock is noticed.
constexpr Seconds kRetryAfter{5};

Result<void> CheckOptions(const CrlOptions& options) {
  if (options.validity < kShortestValidity || options.clock_skew < Seconds::zero()) {
    return Error(ErrorCode::kInvalidArgument,
                 "CRLs must be valid for 10 s at least, and the clock skew not be negative");
  }
  if (!options.file.empty() && (options.file.front() != '/' || options.file.back() == '/')) {
    return Error(ErrorCode::kInvalidArgument,
                 "the CRL file " + options.file + " is not an absolute path of a file");
  }
  return {};
}

bool SameSigners(const std::vector<std::shared_ptr<const Signer>>& one,
                 const std::vector<std::shared_ptr<const Signer>>& other) {
  return std::ranges::equal(one, other, [](const auto& a, const auto& b) {
    return a == b || a->certificate_der() == b->certificate_der();
  });
}

std::string TooLarge(std::size_t bytes, const std::string& file) {
  return "the CRLs have " + std::to_string(bytes) +
         " bytes, too many for the messages of the Workload API, which go without them until "
         "revoked SVIDs have expired" +
         (file.empty() ? ": set crl_file and let peers read that" : "; " + file + " has them");
}

std::string EventOf(const std::vector<SignedCrl>& crls) {
  std::string text = "published CRLs";
  for (const SignedCrl& crl : crls) {
    text += ", number " + std::to_string(crl.date.number) + " of " + crl.issuer_key_id + " with " +
            std::to_string(crl.entries) + " revoked";
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<CrlPublisher>> CrlPublisher::Open(const Authority& authority,
                                                         const RevocationSource& revocations,
                                                         CrlOptions options) {
  static DiskWrites disk;
  return Open(authority, revocations, std::move(options), disk);
}

Result<std::unique_ptr<CrlPublisher>> CrlPublisher::Open(const Authority& authority,
                                                         const RevocationSource& revocations,
                                                         CrlOptions options, DiskWrites& disk) {
  if (auto fit = CheckOptions(options); !fit) return fit.error();
  auto file = CrlDatesFile::Open(options.state_dir, disk);
  if (!file) return file.error();
  return std::unique_ptr<CrlPublisher>(
      new CrlPublisher(authority, revocations, std::move(options), disk, *std::move(file)));
}

CrlPublisher::CrlPublisher(const Authority& authority, const RevocationSource& revocations,
                           CrlOptions options, DiskWrites& disk, CrlDatesFile file)
    : authority_(authority),
      revocations_(revocations),
      options_(std::move(options)),
      disk_(disk),
      bundles_(authority),
      dates_file_(std::move(file)),
      calendar_(dates_file_.dates(), options_.clock_skew, options_.validity) {}

CrlProgress CrlPublisher::Work(Moment now) {
  const auto due = [&now](const std::optional<BootTime>& time) {
    return time && *time <= now.boot;
  };
  const std::lock_guard lock(work_mutex_);
  CrlProgress progress;
  calendar_.Observe(now);
  if (PublishAt(now) <= now.boot) Publish(now, progress);
  if (due(store_dates_at_)) StoreDates(now);
  if (due(write_file_at_)) WriteFile(now);

  progress.call_again_at = std::min(PublishAt(now), now.boot + kLongestWait);
  for (const auto& other : {store_dates_at_, write_file_at_}) {
    if (other) progress.call_again_at = std::min(progress.call_again_at, *other);
  }
  const std::uint64_t edition = bundles_.Bundles()->edition;
  progress.bundles_changed = edition != std::exchange(edition_, edition);
  const std::lock_guard view_lock(view_mutex_);
  for (const auto* failure : {&sign_failure_, &store_failure_, &file_failure_}) {
    if (*failure && !progress.failure) progress.failure = *failure;
  }
  return progress;
}

// In the past if it should have been before now.
BootTime CrlPublisher::PublishAt(Moment now) const {
  if (sign_again_at_) return *sign_again_at_;
  if (!basis_) return now.boot;
  return IsOutdated(now) ? NextOfBurstAt(now) : basis_->at.boot + options_.validity / 2;
}

// Dates rise by a second from CRL to CRL, and being dated back leaves them room to.
BootTime CrlPublisher::NextOfBurstAt(Moment now) const {
  const WallTime latest = now.wall - options_.clock_skew / 2;
  BootClock::duration ahead{};
  for (const auto& signer : basis_->signers) {
    const WallTime date = calendar_.Next(Hex(signer->key_id()), now).this_update;
    ahead = std::max<BootClock::duration>(ahead, date - latest);
  }
  const BootTime last = basis_->at.boot;
  return std::min(std::max(last + kShortSpacing, now.boot + ahead), last + kLongSpacing);
}

bool CrlPublisher::IsOutdated(Moment now) const {
  if (revocations_.revision() != basis_->revision || now.wall >= basis_->renew_at) return true;
  return !SameSigners(authority_.CrlSigners(), basis_->signers) ||
         std::ranges::any_of(basis_->signers, [&](const auto& signer) {
           return calendar_.MayFollowTheClockAgain(Hex(signer->key_id()), now);
         });
}

void CrlPublisher::Publish(Moment now, CrlProgress& progress) {
  Basis basis{.at = now,
              .revision = revocations_.revision(),  // Before what it counts is asked for.
              .signers = authority_.CrlSigners(),
              .renew_at = now.wall + options_.validity / 2};
  // RFC 5280 section 3.3: what has expired stands on one more CRL. And a peer whose
  // clock is behind still takes it.
  const WallTime since = basis_ ? std::min(basis_->at.wall, now.wall) : now.wall;
  const auto revocations = revocations_.Revoked(since - options_.clock_skew);
  auto crls = Sign(basis, revocations);
  Note(sign_failure_, crls ? std::nullopt : std::optional(crls.error()));
  sign_again_at_ = crls ? std::nullopt : std::optional(now.boot + kLongSpacing);
  if (!crls) return;

  for (const SignedCrl& crl : *crls) calendar_.Note(crl.issuer_key_id, crl.date);
  crls_ = *std::move(crls);
  basis_ = std::move(basis);
  StoreDates(now);
  Show(revocations);
  if (!options_.file.empty()) write_file_at_ = now.boot;
  progress.events.push_back(EventOf(crls_));
}

Result<std::vector<SignedCrl>> CrlPublisher::Sign(
    const Basis& basis, const std::vector<Revocation>& revocations) const {
  std::vector<SignedCrl> crls;
  for (const auto& signer : basis.signers) {
    if (!signer->may_sign_crls()) continue;
    const CrlDate date = calendar_.Next(Hex(signer->key_id()), basis.at);
    const auto from = std::max(date.this_update, std::chrono::floor<Seconds>(basis.at.wall));
    auto crl = SignCrl(*signer, revocations, date, from + options_.validity);
    if (!crl) return crl.error();
    crls.push_back(*std::move(crl));
  }
  return crls;
}

void CrlPublisher::Show(const std::vector<Revocation>& revocations) {
  std::vector<std::string> complaints =
      ComplaintsAbout(crls_, basis_->signers, revocations, basis_->at.wall);
  CrlStatus status{.published_at = basis_->at.wall, .issuers = {}};
  std::vector<std::string> in_bundles;
  std::size_t bytes = 0;
  for (const SignedCrl& crl : crls_) {
    status.issuers.push_back({.key_id = crl.issuer_key_id,
                              .number = crl.date.number,
                              .this_update = crl.date.this_update,
                              .next_update = crl.next_update,
                              .entries = crl.entries,
                              .bytes = crl.der.size()});
    in_bundles.push_back(crl.der);
    bytes += crl.der.size();
  }
  const bool too_large = bytes > options_.most_bytes;
  if (too_large) {
    in_bundles.clear();
    complaints.push_back(TooLarge(bytes, options_.file));
  }
  bundles_.Replace(std::move(in_bundles), too_large);
  const std::lock_guard lock(view_mutex_);
  status_ = std::move(status);
  complaints_ = std::move(complaints);
}

void CrlPublisher::StoreDates(Moment now) {
  const auto stored = dates_file_.Write(calendar_.dates());
  store_dates_at_ = stored ? std::nullopt : std::optional(now.boot + kRetryAfter);
  Note(store_failure_, stored
                           ? std::nullopt
                           : std::optional(stored.error().Within(
                                 "the CRLs' numbers cannot be stored; CRLs go out all the same")));
}

void CrlPublisher::WriteFile(Moment now) {
  const auto written = WriteCrlFile(options_.file, CrlsPem(crls_), disk_);
  write_file_at_ = written ? std::nullopt : std::optional(now.boot + kRetryAfter);
  Note(file_failure_, written ? std::nullopt : std::optional(written.error()));
}

void CrlPublisher::Note(std::optional<Error>& kept, std::optional<Error> failure) {
  const std::lock_guard lock(view_mutex_);
  kept = std::move(failure);
}

CrlStatus CrlPublisher::Status() const {
  const std::lock_guard lock(view_mutex_);
  return status_;
}

std::vector<std::string> CrlPublisher::Degraded(WallTime now) const {
  const std::lock_guard lock(view_mutex_);
  std::vector<std::string> sentences = complaints_;
  for (const auto* failure : {&sign_failure_, &store_failure_, &file_failure_}) {
    if (*failure) sentences.push_back((*failure)->Text());
  }
  for (const CrlStatus::Issuer& one : status_.issuers) {
    const std::string crl = "the CRL of the authority " + one.key_id;
    if (one.this_update > now) {
      sentences.push_back(crl + " is dated " + DateText(one.this_update) +
                          ", ahead of the clock, and peers that ask for CRLs may refuse it: set "
                          "the clock right; if it is right now, CRLs follow it again after " +
                          DurationText(options_.validity));
    } else if (one.next_update <= now) {
      sentences.push_back(crl + " has run out at " + DateText(one.next_update) +
                          ": peers that ask for CRLs refuse every SVID of it");
    }
  }
  return sentences;
}

}  // namespace surety
