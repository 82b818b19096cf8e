#include "agent/issuance/files_authority.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "agent/issuance/authority_store.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/chain_check.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/published_view.h"
#include "agent/issuance/svid_mint.h"

namespace surety {
namespace {

constexpr Seconds kLookAgainAfter{60};
constexpr Seconds kLookAtKeyAfter{1};
constexpr std::ptrdiff_t kMostFormer = 4;
// As many threads take turns at least besides those that wait for a token here.
constexpr int kMostWaiting = 4;

/// Counts one more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count), number_(++count) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }
  [[nodiscard]] int number() const { return number_; }

 private:
  std::atomic<int>& count_;
  const int number_;
};

class FilesAuthority final : public Authority {
 public:
  FilesAuthority(FilesOptions options, AuthorityStore store)
      : options_(std::move(options)), store_(std::move(store)) {}

  Result<X509Svid> Issue(const Entry& entry, WallTime now) override;
  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override {
    return view_.bundles();
  }
  AuthorityProgress Advance(Moment now) override;
  AuthorityProgress Reload(Moment now) override;
  [[nodiscard]] std::vector<std::shared_ptr<const Signer>> CrlSigners() const override {
    return view_.crl_signers();
  }
  [[nodiscard]] std::vector<AuthorityStatus> Status() const override { return view_.status(); }
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const override;

 private:
  Result<void> Load(Moment now);
  void LookAtKey(OutsideKey& key, Moment now, AuthorityProgress& progress);
  [[nodiscard]] std::vector<std::string> ValidityComplaints(const Signer& signer,
                                                            WallTime now) const;
  [[nodiscard]] std::vector<std::shared_ptr<const Signer>> StillBelieved(
      const std::shared_ptr<const Signer>& present, const std::vector<std::string>& roots,
      WallTime now) const;
  [[nodiscard]] WallTime WarnFrom(const Signer& signer) const;

  const FilesOptions options_;
  KeyPool keys_;
  PublishedView view_;
  std::atomic<int> waiting_{0};     // In Issue(), for an OutsideKey.
  std::atomic<bool> tried_{false};  // Peers accept what the present CA signs.

  mutable std::mutex mutex_;  // Guards all below.
  AuthorityStore store_;
  std::optional<Error> failure_;  // Of the last Reload().
  std::uint64_t beginnings_ = 0;  // Of the OutsideKey, as last looked at.
};

Result<X509Svid> FilesAuthority::Issue(const Entry& entry, WallTime now) {
  if (entry.spiffe_id.trust_domain() != options_.trust_domain) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + entry.spiffe_id.Text() +
                                                  " is of another trust domain");
  }
  const auto signer = view_.signer();
  if (!signer->outside_key()) return MintX509Svid(*signer, entry, options_.clock_skew, now, &keys_);
  if (!tried_) return Error(ErrorCode::kUnavailable, "the CA's key does not answer");
  const Counted waiting(waiting_);
  if (waiting.number() > kMostWaiting)
    return Error(ErrorCode::kUnavailable, "the CA's key is busy with other signatures");
  return MintX509Svid(*signer, entry, options_.clock_skew, now, &keys_);
}

AuthorityProgress FilesAuthority::Advance(Moment now) {
  AuthorityProgress progress;
  progress.call_again_at = now.boot + kLookAgainAfter;
  const auto signer = view_.signer();
  if (!signer || !signer->outside_key()) return progress;
  progress.call_again_at = now.boot + kLookAtKeyAfter;
  const std::lock_guard lock(mutex_);
  LookAtKey(*signer->outside_key(), now, progress);
  return progress;
}

void FilesAuthority::LookAtKey(OutsideKey& key, Moment now, AuthorityProgress& progress) {
  const std::uint64_t beginnings = key.beginnings();
  const auto answers = key.Answers();
  if (!answers) {
    progress.failure = answers.error();
    return;
  }
  if (beginnings == beginnings_) return;
  if (!tried_) {
    const auto tried = TrySvidUnder(*view_.signer(), view_.bundles()->x509_authorities,
                                    options_.trust_domain, now.wall);
    if (!tried) {
      failure_ = tried.error().Within(options_.files.cert);
      progress.failure = failure_;
      return;
    }
    failure_.reset();
    tried_ = true;
  }
  beginnings_ = beginnings;
  progress.signer_changed = true;  // Whoever waits for it is served now.
  progress.events.push_back("the key " + options_.files.key + " answers");
}

AuthorityProgress FilesAuthority::Reload(Moment now) {
  const std::lock_guard lock(mutex_);
  const auto bundles_before = view_.bundles();
  const auto signer_before = view_.signer();
  AuthorityProgress progress;
  progress.call_again_at = now.boot + (options_.files.open_key ? kLookAtKeyAfter : kLookAgainAfter);
  const auto loaded = Load(now);
  failure_ = loaded ? std::nullopt
                    : std::optional(loaded.error().Within(
                          "the CA files were not taken, the CA from before stays in use"));
  progress.failure = failure_;
  const auto bundles = view_.bundles();
  progress.bundles_changed =
      bundles && (!bundles_before || bundles->revision != bundles_before->revision);
  progress.signer_changed =
      signer_before && view_.signer()->certificate_der() != signer_before->certificate_der();
  if (loaded) progress.events.push_back("signing with the CA of " + options_.files.cert);
  return progress;
}

Result<void> FilesAuthority::Load(Moment now) {
  auto ca = ReadOperatorCa(options_.files, options_.trust_domain, now.wall);
  if (!ca) return ca.error();
  if (ca->silent && tried_) return *ca->silent;
  Manifest manifest = store_.manifest();
  auto digests = DigestsOf(ca->roots);
  if (digests != manifest.published) {
    manifest.published = std::move(digests);
    ++manifest.bundle_revision;
    if (auto written = store_.WriteManifest(manifest); !written) return written;
  }
  const Signer& signer = *ca->signer;
  PublishedView::Content content;
  content.status.push_back({.subject_key_id = Hex(signer.key_id()),
                            .serial = signer.serial(),
                            .phase = std::string(NameOf(Phase::kActive)),
                            .source = options_.source,
                            .not_before = signer.not_before(),
                            .not_after = signer.not_after(),
                            .next_change = signer.not_after()});
  content.bundles =
      std::make_shared<const BundleSet>(BundleSet{.revision = manifest.bundle_revision,
                                                  .edition = manifest.bundle_revision,
                                                  .trust_domain = options_.trust_domain,
                                                  .x509_authorities = std::move(ca->roots),
                                                  .federated = {},
                                                  .crls = {}});
  content.crl_signers = StillBelieved(ca->signer, content.bundles->x509_authorities, now.wall);
  content.crl_signers.push_back(ca->signer);
  content.signer = std::move(ca->signer);
  const auto& key = content.signer->outside_key();
  beginnings_ = key && !ca->silent ? key->beginnings() : 0;
  tried_ = !ca->silent;
  view_.Publish(std::move(content));
  return {};
}

// The CAs from before under whose certificates SVIDs of theirs still verify. Their
// keys are gone from the files and stay in memory, or nothing that they signed
// could be revoked. One in a token may be gone from there at any time, and CRLs would
// stop with it.
std::vector<std::shared_ptr<const Signer>> FilesAuthority::StillBelieved(
    const std::shared_ptr<const Signer>& present, const std::vector<std::string>& roots,
    WallTime now) const {
  auto former = view_.crl_signers();
  std::erase_if(former, [&](const auto& one) {
    const bool same = one->key_id() == present->key_id() && one->subject() == present->subject();
    return same || one->outside_key() || !TrySvidUnder(*one, roots, options_.trust_domain, now);
  });
  if (std::ssize(former) > kMostFormer) former.erase(former.begin(), former.end() - kMostFormer);
  return former;
}

// The last tenth of its life, a month at most; at least as long as an SVID lives.
WallTime FilesAuthority::WarnFrom(const Signer& signer) const {
  constexpr int kShareOfLife = 10;
  constexpr Seconds kLongestWarning{30 * 24 * 3600};
  const auto life = std::chrono::floor<Seconds>(signer.not_after() - signer.not_before());
  const Seconds warning = std::min(life / kShareOfLife, kLongestWarning);
  return signer.not_after() - std::max(warning, options_.max_svid_ttl);
}

std::vector<std::string> FilesAuthority::ValidityComplaints(const Signer& signer,
                                                            WallTime now) const {
  if (!signer.ValidAt(now)) {
    return {"the CA of " + options_.files.cert +
            " is not valid now, nothing can be "
            "signed: it is valid from " +
            DateText(signer.not_before()) + " to " + DateText(signer.not_after())};
  }
  if (now < WarnFrom(signer)) return {};
  return {"the CA of " + options_.files.cert + " expires at " + DateText(signer.not_after()) +
          ": replace the files and send SIGHUP"};
}

std::vector<std::string> FilesAuthority::Degraded(WallTime now) const {
  const auto signer = view_.signer();
  std::vector<std::string> sentences = ValidityComplaints(*signer, now);
  if (const auto& key = signer->outside_key()) {
    if (const auto answers = key->Answers(); !answers) sentences.push_back(answers.error().Text());
  }
  const std::lock_guard lock(mutex_);
  if (failure_) sentences.push_back(failure_->Text());
  return sentences;
}

}  // namespace

Result<std::unique_ptr<Authority>> OpenFromFiles(FilesOptions options, Moment now) {
  static DiskWrites disk;
  auto store = AuthorityStore::Open(options.state_dir, options.trust_domain, disk);
  if (!store) return store.error();
  auto authority = std::make_unique<FilesAuthority>(std::move(options), *std::move(store));
  if (const auto progress = authority->Reload(now); progress.failure) {
    return progress.failure->cause() != nullptr ? *progress.failure->cause() : *progress.failure;
  }
  return std::unique_ptr<Authority>(std::move(authority));
}

}  // namespace surety
