#include "agent/issuance/jwt_authority.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/held_keys.h"
#include "agent/issuance/jwt_mint.h"
#include "agent/issuance/jwt_store.h"
#include "agent/issuance/jwt_verifier.h"

namespace surety {
namespace {

constexpr std::size_t kMostKeys = 16;
constexpr Seconds kRetryAfter{5};

using HeldKey = Held<JwtKey>;

HeldKey HoldFrom(const StoredJwtKey& stored) {
  return {.key = stored.key,
          .standing = {.serial = stored.item.key_id,
                       .phase = stored.item.phase,
                       .not_before = stored.item.not_before,
                       .not_after = stored.item.not_after,
                       .published = {},
                       .expired_since = {}}};
}

std::vector<std::string> PublishedIn(const JwtManifest& manifest) {
  std::vector<std::string> names;
  for (const JwtManifest::Item& item : manifest.keys)
    if (item.published) names.push_back(item.key_id);
  return names;
}

/// What is shown to the outside at one time, exchanged as a whole.
struct Shown {
  std::shared_ptr<const JwtKey> signer;
  WallTime signer_ends;
  std::shared_ptr<const TokenBundles> bundles;
  std::shared_ptr<const JwtKeyRing> ring;
  std::vector<AuthorityStatus> status;
};

class StoredJwtAuthority final : public JwtAuthority {
 public:
  StoredJwtAuthority(JwtAuthorityOptions options, JwtStore store)
      : options_(std::move(options)), store_(std::move(store)) {
    for (const StoredJwtKey& one : store_.opened()) held_.push_back(HoldFrom(one));
  }

  Result<JwtSvid> IssueToken(const Entry& entry, std::span<const std::string> audiences,
                             WallTime now) override;
  [[nodiscard]] std::shared_ptr<const TokenBundles> Bundles() const override {
    return Show()->bundles;
  }
  [[nodiscard]] Result<ValidatedToken> Validate(std::string_view token, std::string_view audience,
                                                WallTime now) const override {
    return VerifyJwt(token, audience, *Show()->ring, now);
  }
  [[nodiscard]] Result<SigningKey> Signer() const override;
  AuthorityProgress Advance(Moment now) override;
  [[nodiscard]] std::vector<AuthorityStatus> Status() const override { return Show()->status; }
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const override;

 private:
  using Events = std::vector<std::string>;

  [[nodiscard]] std::shared_ptr<const Shown> Show() const {
    const std::lock_guard lock(shown_mutex_);
    return shown_;
  }
  Result<void> DoAllThatIsDue(Moment now, Events& events);
  Result<void> Take(const Step& step, Moment now, Events& events);
  Result<void> Prepare(Moment now, Events& events);
  Result<void> Activate(const std::string& key_id, Moment now, Events& events);
  Result<void> Forget(const std::string& key_id, Moment now, Events& events);
  Result<void> Commit(std::vector<HeldKey> next, Moment now);
  Result<void> Publish();
  [[nodiscard]] std::vector<AuthorityStatus> Describe() const;

  const JwtAuthorityOptions options_;

  mutable std::mutex shown_mutex_;
  std::shared_ptr<const Shown> shown_ = std::make_shared<const Shown>();  // By shown_mutex_.

  mutable std::mutex mutex_;  // Guards all below.
  JwtStore store_;
  std::vector<HeldKey> held_;         // Oldest first.
  std::optional<NewJwtKey> unsaved_;  // Made, perhaps written, not yet in the manifest.
  std::optional<Error> failure_;      // Of the last Advance().
};

Result<JwtSvid> StoredJwtAuthority::IssueToken(const Entry& entry,
                                               std::span<const std::string> audiences,
                                               WallTime now) {
  if (entry.spiffe_id.trust_domain() != options_.trust_domain) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + entry.spiffe_id.Text() +
                                                  " is of another trust domain");
  }
  const auto signer = Signer();
  if (!signer) return signer.error();
  return MintJwtSvid(*signer->key, signer->expires_at, entry, audiences, now, options_.issuer);
}

Result<JwtAuthority::SigningKey> StoredJwtAuthority::Signer() const {
  const auto shown = Show();
  if (!shown->signer) return Error(ErrorCode::kUnavailable, "there is no key to sign tokens with");
  return SigningKey{.key = shown->signer, .expires_at = shown->signer_ends};
}

AuthorityProgress StoredJwtAuthority::Advance(Moment now) {
  const std::lock_guard lock(mutex_);
  const auto before = Show();
  AuthorityProgress progress;
  const auto done = DoAllThatIsDue(now, progress.events);
  failure_ =
      done ? std::nullopt : std::optional(done.error().Within("keeping the keys that sign tokens"));
  progress.failure = failure_;
  progress.call_again_at = AskAgainAt(StandingsOf(held_), options_.times, now);
  if (failure_) progress.call_again_at = now.boot + kRetryAfter;
  const auto after = Show();
  progress.bundles_changed = after->bundles && after->bundles != before->bundles;
  progress.signer_changed = after->signer != before->signer;
  return progress;
}

Result<void> StoredJwtAuthority::DoAllThatIsDue(Moment now, Events& events) {
  constexpr int kMostSteps = 2 * static_cast<int>(kMostKeys);
  NoteExpiry(held_, now);
  // What has expired by itself, and at the start what lies in the folder.
  if (!held_.empty()) {
    if (auto committed = Commit(held_, now); !committed) return committed;
  }
  return TakeStepsDue(
      kMostSteps, [&] { return NextStep(StandingsOf(held_), options_.times, now); },
      [&](const Step& step) { return Take(step, now, events); });
}

Result<void> StoredJwtAuthority::Take(const Step& step, Moment now, Events& events) {
  switch (step.kind) {
    case Step::Kind::kPrepare: return Prepare(now, events);
    case Step::Kind::kActivate: return Activate(step.serial, now, events);
    case Step::Kind::kForget: return Forget(step.serial, now, events);
    case Step::Kind::kNone: break;
  }
  return {};
}

Result<void> StoredJwtAuthority::Prepare(Moment now, Events& events) {
  if (held_.size() >= kMostKeys) {
    return Error(ErrorCode::kResourceExhausted,
                 "there are " + std::to_string(held_.size()) +
                     " keys, so many only if the clock has leapt again and again: set the clock "
                     "right, then move " +
                     options_.state_dir + "/" + std::string(options_.profile.folder) +
                     " away while the daemon is stopped");
  }
  if (!unsaved_) {
    auto made = MakeJwtKey(options_.profile);
    if (!made) return made.error();
    unsaved_ = *std::move(made);
  }
  if (auto written = store_.WriteKey(*unsaved_); !written) return written;
  const WallTime not_before = std::chrono::floor<Seconds>(now.wall - options_.times.clock_skew);
  const WallTime not_after = std::chrono::floor<Seconds>(now.wall + options_.times.ca_ttl);
  std::vector<HeldKey> next = held_;
  next.push_back(HoldFrom({.key = unsaved_->key,
                           .item = {.key_id = unsaved_->key->id(),
                                    .phase = Phase::kPrepared,
                                    .not_before = not_before,
                                    .not_after = not_after}}));
  if (auto committed = Commit(std::move(next), now); !committed) return committed;
  events.push_back("prepared and published " + unsaved_->key->id() + ", valid until " +
                   DateText(not_after));
  unsaved_.reset();
  return {};
}

Result<void> StoredJwtAuthority::Activate(const std::string& key_id, Moment now, Events& events) {
  if (auto committed = Commit(WithActive(held_, key_id), now); !committed) return committed;
  events.push_back(key_id + " signs tokens from now on");
  return {};
}

Result<void> StoredJwtAuthority::Forget(const std::string& key_id, Moment now, Events& events) {
  if (auto committed = Commit(Without(held_, key_id), now); !committed) return committed;
  if (auto removed = store_.RemoveKey(key_id); !removed) return removed;
  events.push_back("forgot " + key_id + ", which expired long ago");
  return {};
}

// Everything comes into force here: on the disk first, then for everyone at once.
Result<void> StoredJwtAuthority::Commit(std::vector<HeldKey> next, Moment now) {
  SortOldestFirst(next);
  JwtManifest manifest = store_.manifest();
  manifest.keys.clear();
  for (HeldKey& one : next) {
    AuthorityStanding& standing = one.standing;
    const bool in_bundle = NotePublished(standing, now);
    manifest.keys.push_back({.key_id = standing.serial,
                             .phase = standing.phase,
                             .not_before = standing.not_before,
                             .not_after = standing.not_after,
                             .published = in_bundle});
  }
  if (PublishedIn(manifest) != PublishedIn(store_.manifest())) ++manifest.revision;
  if (manifest != store_.manifest()) {
    if (auto written = store_.WriteManifest(std::move(manifest)); !written) return written;
  }
  held_ = std::move(next);
  return Publish();
}

Result<void> StoredJwtAuthority::Publish() {
  Shown next{.signer = {}, .signer_ends = {}, .bundles = {}, .ring = {}, .status = Describe()};
  auto ring = std::make_shared<JwtKeyRing>();
  auto& own = (*ring)[options_.trust_domain];
  std::string keys;
  for (const HeldKey& one : held_) {
    if (one.standing.phase == Phase::kActive) {
      next.signer = one.key;
      next.signer_ends = one.standing.not_after;
    }
    if (!one.standing.published) continue;
    auto key = one.key->PublicKey();
    if (!key) return key.error();
    own.emplace(one.key->id(), *std::move(key));
    keys += (keys.empty() ? "" : ",") + one.key->jwk();
  }
  next.ring = std::move(ring);
  next.bundles = std::make_shared<const TokenBundles>(
      TokenBundles{.revision = store_.manifest().revision,
                   .jwk_sets = {{options_.trust_domain.name(), R"({"keys":[)" + keys + "]}"}}});
  const std::lock_guard lock(shown_mutex_);
  // The same object as long as nothing changes, so that streams are not told twice.
  if (shown_->bundles && shown_->bundles->jwk_sets == next.bundles->jwk_sets)
    next.bundles = shown_->bundles;
  shown_ = std::make_shared<const Shown>(std::move(next));
  return {};
}

std::vector<AuthorityStatus> StoredJwtAuthority::Describe() const {
  const std::vector<AuthorityStanding> standings = StandingsOf(held_);
  std::vector<AuthorityStatus> all;
  all.reserve(standings.size());
  for (const AuthorityStanding& one : standings) {
    all.push_back({.subject_key_id = one.serial,
                   .serial = one.serial,
                   .phase = std::string(NameOf(one.phase)),
                   .source = std::string(options_.profile.folder),
                   .not_before = one.not_before,
                   .not_after = one.not_after,
                   .next_change = NextChangeOf(one, standings, options_.times)});
  }
  return all;
}

std::vector<std::string> StoredJwtAuthority::Degraded(WallTime now) const {
  std::vector<std::string> sentences;
  const std::lock_guard lock(mutex_);
  if (failure_) sentences.push_back(failure_->Text());
  auto early = NotValidYet(held_, now, "keys for " + std::string(options_.profile.use));
  if (!early.empty()) sentences.push_back(std::move(early));
  return sentences;
}

}  // namespace

Result<std::unique_ptr<JwtAuthority>> OpenJwtAuthority(JwtAuthorityOptions options, Moment now) {
  static DiskWrites disk;
  return OpenJwtAuthority(std::move(options), now, disk);
}

Result<std::unique_ptr<JwtAuthority>> OpenJwtAuthority(JwtAuthorityOptions options, Moment now,
                                                       DiskWrites& disk) {
  if (auto fit = CheckTimes(options.times); !fit) return fit.error();
  auto store = JwtStore::Open(options.state_dir, options.trust_domain, disk, options.profile);
  if (!store) return store.error();
  auto authority = std::make_unique<StoredJwtAuthority>(std::move(options), *std::move(store));
  if (const auto progress = authority->Advance(now); progress.failure) return *progress.failure;
  return std::unique_ptr<JwtAuthority>(std::move(authority));
}

}  // namespace surety
