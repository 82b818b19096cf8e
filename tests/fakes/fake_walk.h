#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "surety/session.h"

namespace surety::fakes {

/// A process that is there until it is told to be gone, and has no files.
class PlainProcess final : public ProcessHandle {
 public:
  explicit PlainProcess(pid_t pid) : pid_(pid) {}
  [[nodiscard]] ProcessKey key() const override { return {.pid = pid_, .start_ticks = 7}; }
  [[nodiscard]] int pidfd() const override { return -1; }
  Result<std::string> ReadFile(std::string_view name, std::size_t) const override {
    return Error(ErrorCode::kNotFound, std::string(name));
  }
  Result<std::string> ReadLink(std::string_view name) const override {
    return Error(ErrorCode::kNotFound, std::string(name));
  }
  Result<UniqueFd> OpenExecutable() const override { return Error(ErrorCode::kNotFound, "exe"); }
  Result<std::uint64_t> CgroupId() const override { return Error(ErrorCode::kNotFound, "cgroup"); }
  [[nodiscard]] bool IsAlive() const override { return alive; }
  [[nodiscard]] bool IsExiting() const override { return exiting; }

  std::atomic<bool> alive = true;
  std::atomic<bool> exiting = false;

 private:
  const pid_t pid_;
};

/// Says what the test last put into `answer`, and runs `before` first.
class ScriptedAttestor final : public Attestor {
 public:
  explicit ScriptedAttestor(std::string name = "unix", bool optional = false)
      : name_(std::move(name)), optional_(optional) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool optional() const override { return optional_; }
  Result<Attestation> Attest(const Peer& /*peer*/, BootTime /*deadline*/) const override {
    ++calls;
    if (before) before();
    return answer;
  }
  void Forget(const Peer& /*peer*/) const override { ++forgotten; }

  Attestation answer;
  mutable int forgotten = 0;
  std::function<void()> before;
  mutable int calls = 0;

 private:
  const std::string name_;
  const bool optional_;
};

class ListedEntries final : public EntryStore {
 public:
  std::vector<std::shared_ptr<const Entry>> Match(const SelectorSet& have) const override {
    std::vector<std::shared_ptr<const Entry>> matched;
    for (const auto& entry : entries)
      if (have.Includes(entry->selectors)) matched.push_back(entry);
    return matched;
  }
  std::vector<std::shared_ptr<const Entry>> entries;
};

/// Allows every entry, except those whose id has an answer of its own.
class ScriptedPolicy final : public Policy {
 public:
  Decision Decide(const PolicyRequest& request) const override {
    ++calls;
    last_drift = request.drift;
    last_seen = request.seen;
    last_left_lineage = request.standing.left_lineage;
    last_action = request.action;
    last_challenge = request.challenge;
    last_audiences.assign(request.audiences.begin(), request.audiences.end());
    if (request.challenge == ChallengeState::kPassed && after_challenge) return *after_challenge;
    if (request.entry == nullptr) return without_entry;
    last_pins = request.entry->pins;
    const auto at = answers.find(request.entry->id);
    return at == answers.end() ? Decision{.verdict = Verdict::kAllow, .reason = "allowed"}
                               : at->second;
  }
  Decision without_entry{.verdict = Verdict::kRefuse, .reason = "no_entry"};
  std::optional<Decision> after_challenge;
  std::map<std::string, Decision> answers;
  mutable int calls = 0;
  mutable Drift last_drift;
  mutable Attestation last_seen;
  mutable bool last_left_lineage = false;
  mutable std::optional<std::vector<std::string>> last_pins;
  mutable Action last_action = Action::kBundles;
  mutable ChallengeState last_challenge = ChallengeState::kNone;
  mutable std::vector<std::string> last_audiences;
};

class CountingIssuer final : public Issuer {
 public:
  Result<X509Svid> Issue(const Entry& entry, WallTime now) override {
    if (down) return Error(ErrorCode::kUnavailable, "no signer");
    ++count;
    return X509Svid{.id = entry.spiffe_id,
                    .hint = entry.hint,
                    .serial = "s" + std::to_string(count),
                    .issuer_key_id = "ca",
                    .chain_der = {"certificate"},
                    .key_der = SecretBytes(std::vector<std::uint8_t>{1, 2, 3}),
                    .not_before = now,
                    .not_after = now + entry.x509_ttl};
  }
  bool down = false;
  int count = 0;
};

class FixedBundles final : public BundleSource {
 public:
  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override { return bundles; }
  std::shared_ptr<const BundleSet> bundles =
      std::make_shared<BundleSet>(BundleSet{.revision = 1,
                                            .edition = 1,
                                            .trust_domain = *TrustDomain::Parse("example.org"),
                                            .x509_authorities = {"root"},
                                            .federated = {},
                                            .crls = {}});
};

/// Holds bundles by name, the same text as authority and as JWK set.
class ListedFederation final : public Federation {
 public:
  [[nodiscard]] std::shared_ptr<const BundleSet> Add(
      const TrustDomains& others, std::shared_ptr<const BundleSet> own) const override {
    BundleSet set = *own;
    for (const TrustDomain& other : others)
      if (const auto at = held.find(other.name()); at != held.end())
        set.federated[other.name()] = {at->second};
    // One edition for each content, since that is what streams are compared by.
    set.edition = editions.emplace(std::pair(own->edition, set.federated), 1'000 + editions.size())
                      .first->second;
    return std::make_shared<const BundleSet>(std::move(set));
  }
  [[nodiscard]] std::shared_ptr<const TokenBundles> Add(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const override {
    TokenBundles set = *own;
    for (const TrustDomain& other : others)
      if (const auto at = held.find(other.name()); at != held.end())
        set.jwk_sets[other.name()] = at->second;
    return std::make_shared<const TokenBundles>(std::move(set));
  }
  [[nodiscard]] std::shared_ptr<const TokenBundles> AddWits(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const override {
    return Add(others, std::move(own));
  }
  std::map<std::string, std::string> held;
  mutable std::map<std::pair<std::uint64_t, std::map<std::string, std::vector<std::string>>>,
                   std::uint64_t>
      editions;
};

/// Writes tokens that say for whom they are and nothing else.
class CountingTokens final : public TokenIssuer {
 public:
  Result<JwtSvid> IssueToken(const Entry& entry, std::span<const std::string> audiences,
                             WallTime now) override {
    if (down) return Error(ErrorCode::kUnavailable, "no key");
    ++count;
    std::string text = entry.id;
    for (const std::string& audience : audiences) text += " " + audience;
    return JwtSvid{.id = entry.spiffe_id,
                   .hint = entry.hint,
                   .token_id = "t" + std::to_string(count),
                   .key_id = "k",
                   .issued_at = now,
                   .expires_at = now + entry.jwt_ttl,
                   .token = SecretBytes(std::vector<std::uint8_t>(text.begin(), text.end()))};
  }
  [[nodiscard]] std::shared_ptr<const TokenBundles> Bundles() const override { return bundles; }
  std::shared_ptr<const TokenBundles> bundles = std::make_shared<TokenBundles>(
      TokenBundles{.revision = 1, .jwk_sets = {{"example.org", R"({"keys":[]})"}}});
  bool down = false;
  int count = 0;
};

/// Numbers WIT-SVIDs, and names the entry of each.
class CountingWits final : public WitIssuer {
 public:
  Result<WitSvid> IssueWit(const Entry& entry, WallTime now) override {
    if (down) return Error(ErrorCode::kUnavailable, "no key");
    const std::string id = "w" + std::to_string(++count) + " " + entry.id;
    return WitSvid{.id = entry.spiffe_id,
                   .hint = entry.hint,
                   .token_id = id,
                   .key_id = "k",
                   .issued_at = now,
                   .expires_at = now + entry.wit_ttl,
                   .token = id,
                   .key_jwk = SecretBytes(std::vector<std::uint8_t>{'{', '}'})};
  }
  [[nodiscard]] std::shared_ptr<const TokenBundles> Bundles() const override { return bundles; }
  std::shared_ptr<const TokenBundles> bundles = std::make_shared<TokenBundles>(
      TokenBundles{.revision = 1, .jwk_sets = {{"example.org", R"({"keys":[]})"}}});
  bool down = false;
  int count = 0;
};

class MemoryLedger final : public ScopeLedger {
 public:
  std::shared_ptr<const Scope> Find(const ProcessKey& process) const override {
    const auto at = pinned.find(process);
    return at == pinned.end() ? nullptr : std::make_shared<const Scope>(at->second);
  }
  Result<bool> Pin(const Peer& peer, const Scope& scope) override {
    if (before_pin) before_pin();
    if (full) return Error(ErrorCode::kResourceExhausted, "no space left on device");
    const auto at = pinned.try_emplace(peer.process->key(), scope).first;
    return at->second == scope;
  }
  std::map<ProcessKey, Scope> pinned;
  std::function<void()> before_pin;
  bool full = false;
};

/// What an AuditEvent said, kept beyond the call.
struct AuditLine {
  Action action;
  Verdict verdict;
  std::string reason;
  std::vector<std::string> minted;     ///< Serials.
  std::vector<std::string> delivered;  ///< Serials, those minted included.
  std::vector<std::string> drift;
  std::vector<std::string> entries;    ///< "web allow": each with its verdict.
  std::vector<std::string> tokens;     ///< Their ids.
  std::vector<std::string> audiences;  ///< Of a call for tokens.
};

class MemoryAudit final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& event) override {
    if (broken) return Error(ErrorCode::kResourceExhausted, "no space left on device");
    AuditLine line{.action = event.action,
                   .verdict = event.verdict,
                   .reason = std::string(event.reason),
                   .minted = {},
                   .delivered = {},
                   .drift = event.drift.Kinds(),
                   .entries = {},
                   .tokens = {},
                   .audiences = {event.audiences.begin(), event.audiences.end()}};
    for (const EntryDecision& one : event.entries) {
      line.entries.push_back((one.entry ? one.entry->id : "-") + " " +
                             std::string(NameOf(one.decision.verdict)));
      if (one.issued) line.delivered.push_back(one.issued->serial);
      if (one.minted) line.minted.push_back(one.issued->serial);
      if (one.token) line.tokens.push_back(one.token->token_id);
    }
    lines.push_back(std::move(line));
    return "d" + std::to_string(lines.size());
  }
  Result<void> Note(const AuditNotice& /*notice*/) override { return {}; }
  bool broken = false;
  std::vector<AuditLine> lines;
};

/// Counts, and tells what the test put into `standing`.
class ScriptedHistory final : public History {
 public:
  Result<Standing> Look(const Peer& /*peer*/, Moment /*now*/) override { return standing; }
  void Count(const Standing& /*standing*/, const ProcessKey& /*process*/, Happening what,
             std::string_view /*spiffe_id*/, Moment /*now*/) override {
    ++counted[what];
  }
  void Suspect(const std::string& /*lineage*/, std::string_view signal, Moment /*now*/) override {
    suspected.emplace_back(signal);
  }
  std::vector<std::string> suspected;
  Result<Standing> standing{Standing{}};
  std::map<Happening, int> counted;
};

/// Notes what is ordered, as "revoke web jump d2".
class NotingSanctions final : public Sanctions {
 public:
  void Given(const Peer& /*peer*/, const Standing& /*standing*/,
             const std::vector<IssuedSvid>& svids) override {
    for (const IssuedSvid& svid : svids) given.push_back(svid.serial);
  }
  [[nodiscard]] bool StillGiven(const IssuedSvid& svid) const override {
    return !taken.contains(svid.serial);
  }
  Result<void> Revoke(const Sentence& sentence, RevocationReason /*reason*/,
                      Moment /*now*/) override {
    return Note("revoke", sentence);
  }
  Result<void> RevokeOthers(const Sentence& sentence, const std::vector<std::string>& entry_ids,
                            RevocationReason /*reason*/, Moment /*now*/) override {
    spared.push_back(entry_ids);
    reason_of_others = sentence.reason;
    return {};
  }
  Result<void> Quarantine(const Sentence& sentence, std::optional<Seconds> /*duration*/,
                          Moment /*now*/) override {
    return Note("quarantine", sentence);
  }
  std::set<std::string> taken;  ///< Serials that an operator has revoked.
  std::vector<std::string> given;
  std::vector<std::string> ordered;
  std::vector<std::vector<std::string>> spared;  ///< By each RevokeOthers.
  std::string reason_of_others;

 private:
  Result<void> Note(const std::string& what, const Sentence& sentence) {
    ordered.push_back(what + " " + sentence.entry_id + " " + sentence.reason + " " +
                      sentence.decision);
    return {};
  }
};

class NotingWatcher final : public Watcher {
 public:
  void Follow(std::shared_ptr<const ProcessHandle> process) override {
    followed.push_back(process->key());
  }
  void HearOfBirth(const ProcessHandle& process) override { asked_for.push_back(process.key()); }
  [[nodiscard]] WakeMode mode() const override { return WakeMode::kEvents; }
  [[nodiscard]] WatcherStatus Status() const override { return {}; }
  std::vector<ProcessKey> followed;
  std::vector<ProcessKey> asked_for;
};

class CountingGate final : public CallGate {
 public:
  bool Allow(const std::string& /*lineage*/, BootTime /*now*/) override { return left-- > 0; }
  void Closed(const std::string& /*lineage*/, BootTime /*opened*/, BootTime /*now*/) override {
    ++closed;
  }
  int left = 1'000'000;
  /// Counted by the server's threads, in a test over a socket.
  std::atomic<int> closed = 0;
};

class StillClock final : public Clock {
 public:
  [[nodiscard]] Moment Now() const override { return {}; }
};

}  // namespace surety::fakes
