#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "surety/audit.h"
#include "tests/fakes/fake_process.h"

namespace surety {

/// A turn to be recorded, with all that an AuditEvent borrows. Change the parts,
/// then ask for the event.
struct MadeEvent {
  Moment at{.boot = BootTime(Seconds(3'600)), .wall = WallTime(Seconds(1'767'225'600))};
  Action action = Action::kIssue;
  Verdict verdict = Verdict::kAllow;
  std::string reason = "entry_matched";
  Peer peer = PeerOf(std::make_shared<FakeProcess>(ProcessKey{4711, 100}), 1000, 1000);
  Attestation seen{.selectors = {{"cgroup", "path:/system.slice/web.service"},
                                 {"unix", "gid:1000"},
                                 {"unix", "ns:mnt:4026531841"},
                                 {"unix", "ns:pid:4026531836"},
                                 {"unix", "path:/usr/bin/web"},
                                 {"unix", "sha256:" + std::string(64, 'a')},
                                 {"unix", "uid:1000"}},
                   .missing = {},
                   .executable = ExecutableFile{.device = 65'024, .inode = 4'242}};
  bool pinned = false;
  Drift drift{};
  Standing standing = UnitStanding();
  WakeMode wake = WakeMode::kEvents;
  std::string policy_revision = "built-in";
  std::vector<EntryDecision> entries{};
  BootClock::duration latency = std::chrono::microseconds(120);

  [[nodiscard]] AuditEvent event() const {
    return {.at = at,
            .action = action,
            .verdict = verdict,
            .reason = reason,
            .peer = peer,
            .seen = seen,
            .pinned = pinned,
            .drift = drift,
            .standing = standing,
            .wake = wake,
            .policy_revision = policy_revision,
            .entries = entries,
            .latency = latency};
  }

  static Standing UnitStanding() {
    Standing standing;
    standing.lineage = {.id = "unit:/system.slice/web.service",
                        .kind = LineageKind::kUnit,
                        .ancestors = {{.key = {700, 50}, .uid = 0, .name = "web-master"},
                                      {.key = {1, 1}, .uid = 0, .name = "systemd"}}};
    standing.lineage_now = standing.lineage;
    return standing;
  }
};

inline std::shared_ptr<const Entry> MadeEntry(const std::string& id, const std::string& spiffe_id) {
  return std::make_shared<Entry>(Entry{.id = id,
                                       .spiffe_id = *SpiffeId::Parse(spiffe_id),
                                       .selectors = {{"unix", "uid:1000"}},
                                       .x509_ttl = Seconds(900),
                                       .hint = {},
                                       .dns_names = {}});
}

/// The entry "web" was given an SVID.
inline EntryDecision GivenWeb(const Moment& at, const std::string& serial, bool minted = true) {
  return {.entry = MadeEntry("web", "spiffe://example.org/web"),
          .decision = {.verdict = Verdict::kAllow,
                       .reason = "entry_matched",
                       .policies = {"default.allow-entry"},
                       .facts = R"({"action":"issue","process":{"uid":1000}})"},
          .issued = IssuedSvid{.spiffe_id = "spiffe://example.org/web",
                               .entry_id = "web",
                               .serial = serial,
                               .issuer_key_id = std::string(40, 'b'),
                               .not_before = at.wall - Seconds(30),
                               .not_after = at.wall + Seconds(900)},
          .minted = minted};
}

/// An honest process is given its first SVID.
inline MadeEvent FirstIssue(const std::string& serial = std::string(32, '1')) {
  MadeEvent made;
  made.entries.push_back(GivenWeb(made.at, serial));
  return made;
}

/// The same process runs another executable now, and is refused.
inline MadeEvent ExecDrift(Moment at) {
  MadeEvent made;
  made.at = at;
  made.action = Action::kRotate;
  made.verdict = Verdict::kRefuse;
  made.reason = "drift.executable";
  made.pinned = true;
  made.drift.lost = {{"unix", "path:/usr/bin/web"}, {"unix", "sha256:" + std::string(64, 'a')}};
  made.drift.gained = {{"unix", "path:/bin/sleep"}, {"unix", "sha256:" + std::string(64, 'c')}};
  made.seen.selectors = made.seen.selectors.Minus(made.drift.lost);
  made.seen.selectors.Merge(made.drift.gained);
  made.entries.push_back({.entry = MadeEntry("web", "spiffe://example.org/web"),
                          .decision = {.verdict = Verdict::kRefuse,
                                       .reason = "drift.executable",
                                       .policies = {"default.executable-drift"},
                                       .obligations = {.ttl_cap = {},
                                                       .revoke = true,
                                                       .quarantine = true,
                                                       .quarantine_for = Seconds(3'600),
                                                       .alert = true}}});
  return made;
}

}  // namespace surety
