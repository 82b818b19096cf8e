#include "agent/record/sanctions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/record/subject_text.h"

namespace surety {
namespace {

constexpr std::size_t kSerialsInOneNotice = 64;

std::string Join(std::span<const std::string> serials) {
  std::string text;
  for (const std::string& serial : serials.first(std::min(serials.size(), kSerialsInOneNotice)))
    text += (text.empty() ? "" : ",") + serial;
  return text;
}

std::vector<std::string> SerialsOf(std::span<const Revocation> revocations) {
  std::vector<std::string> serials;
  for (const Revocation& one : revocations) serials.push_back(one.serial);
  std::ranges::sort(serials);
  return serials;
}

}  // namespace

StoredSanctions::StoredSanctions(const Parts& parts, SanctionEvents events)
    : parts_(parts), events_(std::move(events)) {
  parts_.revocations.OnGrowth([this] { Grown(); });
}

void StoredSanctions::Given(const Peer& peer, const Standing& standing,
                            const std::vector<IssuedSvid>& svids) {
  const Moment now = parts_.clock.Now();
  const ProcessKey process = peer.process->key();
  const std::string& lineage = standing.lineage.id;
  // First remembered, then looked at: whoever takes away meanwhile either finds it
  // here or is found below.
  RevokeSoon(parts_.issued.Add(process, lineage, svids, now), RevocationReason::kSuperseded,
             RevokedBy::kExit, now);
  if (!peer.process->IsAlive()) return ProcessExited(process, now);
  if (CondemnedBefore(process, now.boot))
    return RevokeSoon(parts_.issued.TakeProcess(process), RevocationReason::kPrivilegeWithdrawn,
                      RevokedBy::kDecision, now);
  // Made just before the clock was set back: see ClockSetBack.
  if (std::ranges::any_of(svids, [&](const auto& one) { return one.not_before > now.wall; }))
    ClockSetBack(now);
  for (const IssuedSvid& svid : svids)
    if (parts_.quarantines.Covers(lineage, svid.entry_id, now.boot))
      RevokeSoon(parts_.issued.TakeSerial(svid.serial), RevocationReason::kPrivilegeWithdrawn,
                 RevokedBy::kDecision, now);
}

bool StoredSanctions::StillGiven(const IssuedSvid& svid) const {
  return parts_.issued.Holds({svid.serial, svid.issuer_key_id});
}

Result<void> StoredSanctions::Revoke(const Sentence& sentence, RevocationReason reason,
                                     Moment now) {
  const bool marked = Condemn(sentence, now.boot);
  const auto taken = parts_.issued.TakeProcess(sentence.process, sentence.entry_id);
  if (taken.empty() && !marked && !parts_.revocations.Unstored()) return {};
  return RevokeSentenced(sentence, taken, reason, now);
}

Result<void> StoredSanctions::RevokeOthers(const Sentence& sentence,
                                           const std::vector<std::string>& entry_ids,
                                           RevocationReason reason, Moment now) {
  const auto taken = parts_.issued.TakeOthers(sentence.process, entry_ids);
  if (taken.empty()) return {};
  return RevokeSentenced(sentence, taken, reason, now);
}

Result<void> StoredSanctions::RevokeSentenced(const Sentence& sentence,
                                              std::span<const IssuedSvid> taken,
                                              RevocationReason reason, Moment now) {
  const std::array<Saver*, 1> with{&parts_.pins.saver()};
  return RevokeTaken(taken, reason, with,
                     {{"process", SubjectText(sentence.process)},
                      {"entry", sentence.entry_id},
                      {"lineage", sentence.standing.lineage.id},
                      {"reason", sentence.reason},
                      {"decision", sentence.decision}},
                     now);
}

Result<void> StoredSanctions::Quarantine(const Sentence& sentence, std::optional<Seconds> duration,
                                         Moment now) {
  const std::string& lineage = sentence.standing.lineage.id;
  const auto added = parts_.quarantines.Add({.lineage = lineage,
                                             .entry_id = {},
                                             .duration = duration,
                                             .reason = sentence.reason,
                                             .decision = sentence.decision},
                                            now);
  // There already: all that it covers was taken then, and what came since by Given.
  if (!added || !added->changed) {
    const auto revoked = Revoke(sentence, RevocationReason::kPrivilegeWithdrawn, now);
    return added ? revoked : Result<void>(added.error());
  }
  Condemn(sentence, now.boot);
  Wake(parts_.lineages.ProcessesOf(lineage));
  const auto taken = parts_.issued.TakeCovered(lineage, "");
  const std::array<Saver*, 2> with{&parts_.quarantines.saver(), &parts_.pins.saver()};
  const Details details{{"quarantine", std::to_string(added->quarantine.id)},
                        {"lineage", lineage},
                        {"process", SubjectText(sentence.process)},
                        {"reason", sentence.reason},
                        {"decision", sentence.decision}};
  auto stored = RevokeTaken(taken, RevocationReason::kPrivilegeWithdrawn, with, details, now);
  Note("quarantine.added", NoticeSeverity::kHigh, details, now);
  return stored;
}

void StoredSanctions::ProcessExited(const ProcessKey& process, Moment now) {
  const auto taken = parts_.issued.Exited(process);
  if (taken.empty()) return;
  const auto added =
      parts_.revocations.Add(taken, RevocationReason::kCessationOfOperation, RevokedBy::kExit, now);
  {
    const std::lock_guard lock(mutex_);
    ++exits_.processes;
    for (std::string& serial : SerialsOf(added)) exits_.serials.push_back(std::move(serial));
  }
  parts_.revocations.StoreSoon();
}

void StoredSanctions::ClockSetBack(Moment now) {
  RevokeSoon(parts_.issued.TakeBeginningAfter(now.wall), RevocationReason::kSuperseded,
             RevokedBy::kDecision, now);
}

void StoredSanctions::Tick(Moment now) {
  const auto over = parts_.quarantines.TakeExpired(now);
  if (over.empty()) return;
  parts_.quarantines.StoreSoon();
  for (const struct Quarantine& one : over) Ended(one, "quarantine.expired", {}, now);
}

void StoredSanctions::Restore(std::span<const RecordedTurn> turns, const std::string& boot_id,
                              Moment now) {
  for (const RecordedTurn& turn : turns) {
    const bool of_this_boot = turn.boot_id == boot_id;
    for (const IssuedSvid& svid : turn.minted) {
      const SvidKey key{svid.serial, svid.issuer_key_id};
      const BootClock::duration lifetime = svid.not_after - svid.not_before;
      const bool lived = !of_this_boot || now.boot - turn.at.boot > lifetime;
      if ((lived && now.wall > svid.not_after) || parts_.issued.Holds(key) ||
          parts_.revocations.Lists(key))
        continue;
      RevokeSoon(parts_.issued.Add(of_this_boot ? turn.process : IssuedSvids::kGone,
                                   turn.lineage.id, std::span(&svid, 1), now),
                 RevocationReason::kSuperseded, RevokedBy::kExit, now);
    }
  }
}

void StoredSanctions::Settle(Moment now) {
  for (const struct Quarantine& one : parts_.quarantines.All(now))
    RevokeSoon(parts_.issued.TakeCovered(one.lineage, one.entry_id),
               RevocationReason::kPrivilegeWithdrawn, RevokedBy::kDecision, now);
  ProcessExited(IssuedSvids::kGone, now);
}

void StoredSanctions::Note(std::string_view what, NoticeSeverity severity, Details details,
                           Moment now) const {
  if (!events_.notice) return;
  events_.notice({.at = now, .what = what, .severity = severity, .details = std::move(details)});
}

void StoredSanctions::Wake(const std::vector<ProcessKey>& processes) const {
  if (events_.wake && !processes.empty()) events_.wake(processes);
}

void StoredSanctions::RevokeSoon(std::span<const IssuedSvid> svids, RevocationReason reason,
                                 RevokedBy by, Moment now) {
  if (svids.empty()) return;
  const auto added = parts_.revocations.Add(svids, reason, by, now);
  parts_.revocations.StoreSoon();
  Note("revoked", NoticeSeverity::kWarning, {{"serials", Join(SerialsOf(added))}}, now);
}

Result<void> StoredSanctions::RevokeTaken(std::span<const IssuedSvid> taken,
                                          RevocationReason reason, std::span<Saver* const> with,
                                          Details details, Moment now) {
  const auto added = parts_.revocations.Add(taken, reason, RevokedBy::kDecision, now);
  std::vector<Saver*> savers(with.begin(), with.end());
  savers.push_back(&parts_.revocations.saver());
  auto stored = parts_.database.StoreNow(savers);
  parts_.revocations.Tell();
  if (!added.empty()) {
    details.emplace_back("revoked", std::to_string(added.size()));
    details.emplace_back("serials", Join(SerialsOf(added)));
    Note("revoked", NoticeSeverity::kHigh, std::move(details), now);
  }
  return stored;
}

bool StoredSanctions::Condemn(const Sentence& sentence, BootTime now) {
  if (sentence.entry_id.empty()) {
    const std::lock_guard lock(mutex_);
    condemned_.Touch(sentence.process) = now;
  }
  return parts_.pins.MarkJumped(sentence.process);
}

bool StoredSanctions::CondemnedBefore(const ProcessKey& process, BootTime now) const {
  const std::lock_guard lock(mutex_);
  const BootTime* const since = condemned_.Find(process);
  return since != nullptr && now - *since < kDecidedBefore;
}

void StoredSanctions::Ended(const struct Quarantine& quarantine, std::string_view what,
                            Details details, Moment now) const {
  details.emplace_back("quarantine", std::to_string(quarantine.id));
  details.emplace_back("lineage", quarantine.lineage);
  details.emplace_back("entry", quarantine.entry_id);
  details.emplace_back("cause", quarantine.reason);
  Note(what, NoticeSeverity::kHigh, std::move(details), now);
  if (quarantine.lineage.empty()) return;
  if (events_.quarantine_ended) events_.quarantine_ended(quarantine.lineage);
  Wake(parts_.lineages.ProcessesOf(quarantine.lineage));
}

void StoredSanctions::Grown() {
  if (events_.revoked) events_.revoked();
  Exits exits;
  {
    const std::lock_guard lock(mutex_);
    std::swap(exits, exits_);
  }
  if (exits.processes == 0) return;
  Note("revoked.exit", NoticeSeverity::kInfo,
       {{"processes", std::to_string(exits.processes)},
        {"revoked", std::to_string(exits.serials.size())},
        {"serials", Join(exits.serials)}},
       parts_.clock.Now());
}

}  // namespace surety
