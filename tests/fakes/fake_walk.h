#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "surety/svid_stream.h"

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

  std::atomic<bool> alive = true;

 private:
  const pid_t pid_;
};

/// Says what the test last put into `answer`, and runs `before` first.
class ScriptedAttestor final : public Attestor {
 public:
  [[nodiscard]] std::string_view name() const override { return "unix"; }
  Result<Attestation> Attest(const Peer& /*peer*/, BootTime /*deadline*/) const override {
    ++calls;
    if (before) before();
    return answer;
  }

  Attestation answer;
  std::function<void()> before;
  mutable int calls = 0;
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
    if (request.entry == nullptr) return without_entry;
    const auto at = answers.find(request.entry->id);
    return at == answers.end() ? Decision{Verdict::kAllow, "allowed"} : at->second;
  }
  Decision without_entry{Verdict::kRefuse, "no_entry"};
  std::map<std::string, Decision> answers;
  mutable int calls = 0;
  mutable Drift last_drift;
};

class CountingIssuer final : public Issuer {
 public:
  Result<X509Svid> Issue(const Entry& entry, WallTime now) override {
    if (down) return Error(ErrorCode::kUnavailable, "no signer");
    ++count;
    return X509Svid{.id = entry.spiffe_id,
                    .hint = entry.hint,
                    .serial = "s" + std::to_string(count),
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
                                            .trust_domain = *TrustDomain::Parse("example.org"),
                                            .x509_authorities = {"root"},
                                            .federated = {},
                                            .crls = {}});
};

class MemoryLedger final : public ScopeLedger {
 public:
  std::optional<Scope> Find(const ProcessKey& process) const override {
    const auto at = pinned.find(process);
    return at == pinned.end() ? std::nullopt : std::optional(at->second);
  }
  bool Pin(const Peer& peer, const Scope& scope) override {
    if (before_pin) before_pin();
    const auto at = pinned.try_emplace(peer.process->key(), scope).first;
    return at->second == scope;
  }
  std::map<ProcessKey, Scope> pinned;
  std::function<void()> before_pin;
};

/// What an AuditEvent said, kept beyond the call.
struct AuditLine {
  Action action;
  Verdict verdict;
  std::string reason;
  std::vector<IssuedSvid> issued;
  std::vector<std::string> drift;
};

class MemoryAudit final : public AuditLog {
 public:
  Result<void> Write(const AuditEvent& event) override {
    if (broken) return Error(ErrorCode::kResourceExhausted, "no space left on device");
    lines.push_back({event.action, event.verdict, std::string(event.reason), event.issued,
                     event.drift.Kinds()});
    return {};
  }
  bool broken = false;
  std::vector<AuditLine> lines;
};

struct Pushed {
  std::vector<std::string> ids;
  std::vector<std::string> serials;
  std::uint64_t bundle_revision;
};

class MemorySink final : public SvidSink, public BundleStream::Sink {
 public:
  Result<void> Push(const std::vector<X509Svid>& svids, const BundleSet& bundles) override {
    if (closed) return Error(ErrorCode::kUnavailable, "closed");
    Pushed out{.ids = {}, .serials = {}, .bundle_revision = bundles.revision};
    for (const auto& svid : svids) {
      out.ids.push_back(svid.id.Text());
      out.serials.push_back(svid.serial);
    }
    pushed.push_back(std::move(out));
    return {};
  }
  Result<void> Push(const BundleSet& bundles) override {
    pushed.push_back({.ids = {}, .serials = {}, .bundle_revision = bundles.revision});
    return {};
  }
  bool closed = false;
  std::vector<Pushed> pushed;
};

}  // namespace surety::fakes
