// What an operator can order: the rest of StoredSanctions.

#include <array>
#include <utility>

#include "agent/record/sanctions.h"
#include "agent/record/subject_text.h"

namespace surety {

Result<struct Quarantine> StoredSanctions::AddQuarantine(QuarantineRequest order,
                                                         const OrderedBy& by, Moment now) {
  order.uid = by.uid;
  order.reason = by.reason;
  const auto added = parts_.quarantines.Add(order, now);
  if (!added) return added.error();

  auto processes = order.lineage.empty() ? parts_.issued.ProcessesWith(order.entry_id)
                                         : parts_.lineages.ProcessesOf(order.lineage);
  const auto taken = parts_.issued.TakeCovered(order.lineage, order.entry_id);
  Wake(processes);
  const Details details{{"quarantine", std::to_string(added->quarantine.id)},
                        {"lineage", order.lineage},
                        {"entry", order.entry_id},
                        {"reason", by.reason},
                        {"uid", std::to_string(by.uid)}};
  const std::array<Saver*, 1> with{&parts_.quarantines.saver()};
  const auto stored = RevokeTaken(taken, RevocationReason::kPrivilegeWithdrawn, with, details, now);
  Note("quarantine.added", NoticeSeverity::kHigh, details, now);
  if (!stored) return stored.error().Within("the quarantine is in force, but not stored yet");
  return added->quarantine;
}

Result<struct Quarantine> StoredSanctions::Release(std::uint64_t id, const OrderedBy& by,
                                                   Moment now) {
  auto removed = parts_.quarantines.Remove(id, now);
  if (!removed) return removed.error();
  const std::string& lineage = removed->lineage;
  const std::array lineages{std::string_view(lineage)};
  if (!lineage.empty() && parts_.quarantines.Of(lineages, now).empty())
    parts_.pins.Reopen(parts_.lineages.ProcessesOf(lineage));
  const std::array<Saver*, 2> savers{&parts_.quarantines.saver(), &parts_.pins.saver()};
  const auto stored = parts_.database.StoreNow(savers);
  Ended(*removed, "quarantine.released", {{"reason", by.reason}, {"uid", std::to_string(by.uid)}},
        now);
  if (!stored) return stored.error().Within("the release is in force, but not stored yet");
  return removed;
}

Result<std::size_t> StoredSanctions::RevokeSerial(const std::string& serial,
                                                  RevocationReason reason, const OrderedBy& by,
                                                  Moment now) {
  return RevokeOrdered(parts_.issued.TakeSerial(serial), reason, by, {}, now);
}

Result<std::size_t> StoredSanctions::RevokeSpiffeId(const std::string& spiffe_id,
                                                    RevocationReason reason, const OrderedBy& by,
                                                    Moment now) {
  return RevokeOrdered(parts_.issued.TakeSpiffeId(spiffe_id), reason, by,
                       {{"spiffe_id", spiffe_id}}, now);
}

Result<std::size_t> StoredSanctions::RevokeLineage(const std::string& lineage,
                                                   RevocationReason reason, const OrderedBy& by,
                                                   Moment now) {
  return RevokeOrdered(parts_.issued.TakeCovered(lineage, ""), reason, by, {{"lineage", lineage}},
                       now);
}

Result<std::size_t> StoredSanctions::RevokeProcess(const ProcessKey& process,
                                                   RevocationReason reason, const OrderedBy& by,
                                                   Moment now) {
  return RevokeOrdered(parts_.issued.TakeProcess(process), reason, by,
                       {{"process", SubjectText(process)}}, now);
}

Result<std::size_t> StoredSanctions::RevokeOrdered(std::span<const IssuedSvid> taken,
                                                   RevocationReason reason, const OrderedBy& by,
                                                   Details details, Moment now) {
  if (taken.empty())
    return Error(ErrorCode::kNotFound, "no SVID of ours by that name is live: nothing is revoked");
  details.emplace_back("reason", by.reason);
  details.emplace_back("uid", std::to_string(by.uid));
  if (auto stored = RevokeTaken(taken, reason, {}, std::move(details), now); !stored)
    return stored.error().Within("revoked, but not stored yet");
  return taken.size();
}

}  // namespace surety
