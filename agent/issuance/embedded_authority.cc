#include "agent/issuance/embedded_authority.h"

#include <mutex>
#include <optional>
#include <utility>

#include "agent/issuance/authority_store.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/held_keys.h"
#include "agent/issuance/published_view.h"
#include "agent/issuance/svid_mint.h"

namespace surety {
namespace {

constexpr std::size_t kMostAuthorities = 16;
constexpr Seconds kRetryAfter{5};

using HeldSigner = Held<Signer>;

HeldSigner HoldFrom(const StoredAuthority& stored) {
  return {.key = stored.signer,
          .standing = {.serial = stored.signer->serial(),
                       .phase = stored.phase,
                       .not_before = stored.signer->not_before(),
                       .not_after = stored.signer->not_after(),
                       .published = {},
                       .expired_since = {}}};
}

class EmbeddedAuthority final : public Authority {
 public:
  EmbeddedAuthority(EmbeddedOptions options, AuthorityStore store, std::vector<HeldSigner> held)
      : options_(std::move(options)), store_(std::move(store)), held_(std::move(held)) {}

  Result<X509Svid> Issue(const Entry& entry, WallTime now) override;
  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override {
    return view_.bundles();
  }
  AuthorityProgress Advance(Moment now) override;
  AuthorityProgress Reload(Moment now) override { return Advance(now); }
  [[nodiscard]] std::vector<std::shared_ptr<const Signer>> CrlSigners() const override {
    return view_.crl_signers();
  }
  [[nodiscard]] std::vector<AuthorityStatus> Status() const override { return view_.status(); }
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const override;

 private:
  using Events = std::vector<std::string>;

  Result<void> DoAllThatIsDue(Moment now, Events& events);
  Result<void> Take(const Step& step, Moment now, Events& events);
  Result<void> Prepare(Moment now, Events& events);
  Result<void> Activate(const std::string& serial, Moment now, Events& events);
  Result<void> Forget(const std::string& serial, Moment now, Events& events);
  Result<void> Commit(std::vector<HeldSigner> next, Moment now);
  Result<void> RenewUnsaved(WallTime now);
  void Show(std::vector<std::string> certificates, std::uint64_t revision);

  const EmbeddedOptions options_;
  KeyPool keys_;
  PublishedView view_;

  mutable std::mutex mutex_;  // Guards all below.
  AuthorityStore store_;
  std::vector<HeldSigner> held_;    // Oldest first.
  std::optional<NewRoot> unsaved_;  // Made, perhaps written, not yet in the manifest.
  std::optional<Error> failure_;    // Of the last Advance().
};

Result<X509Svid> EmbeddedAuthority::Issue(const Entry& entry, WallTime now) {
  if (entry.spiffe_id.trust_domain() != options_.trust_domain) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + entry.spiffe_id.Text() +
                                                  " is of another trust domain");
  }
  const auto signer = view_.signer();
  if (!signer) return Error(ErrorCode::kUnavailable, "there is no authority to sign with");
  return MintX509Svid(*signer, entry, options_.times.clock_skew, now, &keys_);
}

AuthorityProgress EmbeddedAuthority::Advance(Moment now) {
  const std::lock_guard lock(mutex_);
  const auto bundles_before = view_.bundles();
  const auto signer_before = view_.signer();
  AuthorityProgress progress;
  const auto done = DoAllThatIsDue(now, progress.events);
  failure_ = done ? std::nullopt : std::optional(done.error().Within("keeping the authority"));
  progress.failure = failure_;
  progress.call_again_at = AskAgainAt(StandingsOf(held_), options_.times, now);
  if (failure_) progress.call_again_at = now.boot + kRetryAfter;

  const auto bundles = view_.bundles();
  progress.bundles_changed =
      bundles && (!bundles_before || bundles->revision != bundles_before->revision);
  progress.signer_changed = view_.signer() != signer_before;
  return progress;
}

Result<void> EmbeddedAuthority::DoAllThatIsDue(Moment now, Events& events) {
  constexpr int kMostSteps = 2 * static_cast<int>(kMostAuthorities);
  NoteExpiry(held_, now);
  // What has expired by itself, and at the start what lies in the folder.
  if (!held_.empty()) {
    if (auto committed = Commit(held_, now); !committed) return committed;
  }
  return TakeStepsDue(
      kMostSteps, [&] { return NextStep(StandingsOf(held_), options_.times, now); },
      [&](const Step& step) { return Take(step, now, events); });
}

Result<void> EmbeddedAuthority::Take(const Step& step, Moment now, Events& events) {
  switch (step.kind) {
    case Step::Kind::kPrepare: return Prepare(now, events);
    case Step::Kind::kActivate: return Activate(step.serial, now, events);
    case Step::Kind::kForget: return Forget(step.serial, now, events);
    case Step::Kind::kNone: break;
  }
  return {};
}

Result<void> EmbeddedAuthority::RenewUnsaved(WallTime now) {
  const Seconds ttl = options_.times.ca_ttl;
  // After a failure the same one is written again: its file may be there.
  if (unsaved_ && unsaved_->signer->ValidAt(now) &&
      unsaved_->signer->not_after() - now > ttl / 4 * 3) {
    return {};
  }
  auto root =
      MakeRoot(options_.trust_domain, std::chrono::floor<Seconds>(now - options_.times.clock_skew),
               std::chrono::floor<Seconds>(now + ttl));
  if (!root) return root.error();
  unsaved_ = *std::move(root);
  return {};
}

Result<void> EmbeddedAuthority::Prepare(Moment now, Events& events) {
  if (held_.size() >= kMostAuthorities) {
    return Error(ErrorCode::kResourceExhausted,
                 "there are " + std::to_string(held_.size()) +
                     " authorities, so many only if the clock has leapt again and again: set the "
                     "clock right, then move files of authorities that are not valid away from " +
                     options_.state_dir + "/authority");
  }
  if (auto renewed = RenewUnsaved(now.wall); !renewed) return renewed;
  if (auto written = store_.WriteAuthority(*unsaved_); !written) return written;
  std::vector<HeldSigner> next = held_;
  next.push_back(HoldFrom({.signer = unsaved_->signer, .phase = Phase::kPrepared}));
  if (auto committed = Commit(std::move(next), now); !committed) return committed;
  events.push_back("prepared and published " + unsaved_->signer->serial() + ", valid until " +
                   DateText(unsaved_->signer->not_after()));
  unsaved_.reset();
  return {};
}

Result<void> EmbeddedAuthority::Activate(const std::string& serial, Moment now, Events& events) {
  if (auto committed = Commit(WithActive(held_, serial), now); !committed) return committed;
  events.push_back(serial + " signs from now on");
  return {};
}

Result<void> EmbeddedAuthority::Forget(const std::string& serial, Moment now, Events& events) {
  if (auto committed = Commit(Without(held_, serial), now); !committed) return committed;
  if (auto removed = store_.RemoveAuthority(serial); !removed) return removed;
  events.push_back("forgot " + serial + ", which expired long ago");
  return {};
}

// Everything comes into force here: on the disk first, then for everyone at once.
Result<void> EmbeddedAuthority::Commit(std::vector<HeldSigner> next, Moment now) {
  SortOldestFirst(next);
  Manifest manifest = store_.manifest();
  manifest.authorities.clear();
  std::vector<std::string> certificates;
  for (HeldSigner& one : next) {
    manifest.authorities.push_back({.serial = one.standing.serial, .phase = one.standing.phase});
    if (NotePublished(one.standing, now)) certificates.push_back(one.key->certificate_der());
  }
  auto digests = DigestsOf(certificates);
  if (digests != manifest.published) {
    manifest.published = std::move(digests);
    ++manifest.bundle_revision;
  }
  if (manifest != store_.manifest()) {
    if (auto written = store_.WriteManifest(std::move(manifest)); !written) return written;
  }
  held_ = std::move(next);
  Show(std::move(certificates), store_.manifest().bundle_revision);
  return {};
}

void EmbeddedAuthority::Show(std::vector<std::string> certificates, std::uint64_t revision) {
  PublishedView::Content content;
  const std::vector<AuthorityStanding> standings = StandingsOf(held_);
  for (const HeldSigner& one : held_) {
    if (one.standing.phase == Phase::kActive) content.signer = one.key;
    if (one.standing.published) content.crl_signers.push_back(one.key);
    content.status.push_back(
        {.subject_key_id = Hex(one.key->key_id()),
         .serial = one.standing.serial,
         .phase = std::string(NameOf(one.standing.phase)),
         .source = "embedded",
         .not_before = one.standing.not_before,
         .not_after = one.standing.not_after,
         .next_change = NextChangeOf(one.standing, standings, options_.times)});
  }
  content.bundles =
      std::make_shared<const BundleSet>(BundleSet{.revision = revision,
                                                  .edition = revision,
                                                  .trust_domain = options_.trust_domain,
                                                  .x509_authorities = std::move(certificates),
                                                  .federated = {},
                                                  .crls = {}});
  view_.Publish(std::move(content));
}

std::vector<std::string> EmbeddedAuthority::Degraded(WallTime now) const {
  std::vector<std::string> sentences;
  const std::lock_guard lock(mutex_);
  if (failure_) sentences.push_back(failure_->Text());
  if (auto early = NotValidYet(held_, now, "authorities"); !early.empty())
    sentences.push_back(std::move(early));
  return sentences;
}

}  // namespace

Result<std::unique_ptr<Authority>> OpenEmbedded(EmbeddedOptions options, Moment now) {
  static DiskWrites disk;
  return OpenEmbedded(std::move(options), now, disk);
}

Result<std::unique_ptr<Authority>> OpenEmbedded(EmbeddedOptions options, Moment now,
                                                DiskWrites& disk) {
  if (auto fit = CheckTimes(options.times); !fit) return fit.error();
  auto store = AuthorityStore::Open(options.state_dir, options.trust_domain, disk);
  if (!store) return store.error();
  const auto stored = store->ReadAuthorities();
  if (!stored) return stored.error();
  std::vector<HeldSigner> held;
  for (const StoredAuthority& one : *stored) held.push_back(HoldFrom(one));

  auto authority =
      std::make_unique<EmbeddedAuthority>(std::move(options), *std::move(store), std::move(held));
  if (const auto progress = authority->Advance(now); progress.failure) return *progress.failure;
  return std::unique_ptr<Authority>(std::move(authority));
}

}  // namespace surety
