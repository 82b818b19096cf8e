#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "surety/sanction.h"

namespace surety::fakes {

/// Sanctions in memory: what each process was given, what was revoked, and which
/// lineages are in quarantine. Thread-safe but for what the test itself touches.
class FakeSanctions final : public Sanctions, public RevocationSource {
 public:
  void Given(const Peer& peer, const Standing& standing,
             const std::vector<IssuedSvid>& svids) override {
    const std::lock_guard lock(mutex_);
    for (const IssuedSvid& svid : svids)
      given.push_back({peer.process->key(), standing.lineage.id, svid});
  }
  Result<void> Revoke(const Sentence& sentence, RevocationReason reason, Moment now) override {
    const std::lock_guard lock(mutex_);
    sentences.push_back({"revoke", sentence.process, sentence.reason, sentence.decision});
    RevokeWhere([&](const Held& held) { return held.process == sentence.process; }, reason, now);
    return Outcome();
  }
  Result<void> Quarantine(const Sentence& sentence, std::optional<Seconds> duration,
                          Moment now) override {
    const std::lock_guard lock(mutex_);
    const std::string& lineage = sentence.standing.lineage.id;
    sentences.push_back({"quarantine", sentence.process, sentence.reason, sentence.decision});
    quarantined[lineage] = duration;
    RevokeWhere([&](const Held& held) { return held.lineage == lineage; },
                RevocationReason::kPrivilegeWithdrawn, now);
    return Outcome();
  }

  [[nodiscard]] std::vector<Revocation> Revoked(WallTime now) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Revocation> live;
    for (const Revocation& one : revoked)
      if (one.not_after >= now) live.push_back(one);
    std::ranges::sort(live, {}, &Revocation::serial);
    return live;
  }
  [[nodiscard]] std::uint64_t revision() const override {
    const std::lock_guard lock(mutex_);
    return 1 + revoked.size();
  }

  struct Held {
    ProcessKey process;
    std::string lineage;
    IssuedSvid svid;
  };
  struct Told {
    std::string what;  ///< "revoke" or "quarantine".
    ProcessKey process;
    std::string reason;
    std::string decision;
  };
  bool disk_full = false;  ///< Everything is in force, and nothing is stored.
  std::vector<Held> given;
  std::vector<Told> sentences;
  std::vector<Revocation> revoked;
  std::map<std::string, std::optional<Seconds>> quarantined;

 private:
  template <typename Which>
  void RevokeWhere(const Which& which, RevocationReason reason, Moment now) {
    for (const Held& held : given)
      if (which(held))
        revoked.push_back(
            {held.svid.serial, held.svid.issuer_key_id, now.wall, reason, held.svid.not_after});
    std::erase_if(given, which);
  }
  Result<void> Outcome() const {
    return disk_full ? Result<void>(Error(ErrorCode::kResourceExhausted, "no space left on device"))
                     : Result<void>();
  }

  mutable std::mutex mutex_;
};

}  // namespace surety::fakes
