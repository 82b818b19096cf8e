#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy/bounded_map.h"
#include "agent/record/issued_svids.h"
#include "agent/record/lineage_memory.h"
#include "agent/record/quarantine_list.h"
#include "agent/record/recorded_turn.h"
#include "agent/record/revocation_list.h"
#include "agent/record/scope_ledger.h"
#include "agent/record/state_database.h"
#include "surety/audit.h"
#include "surety/sanction.h"

namespace surety {

/// Whom sanctions tell what. Called on whatever thread brings it about, with no
/// lock held; may call back. Empty ones are left out.
struct SanctionEvents {
  std::function<void()> revoked;  ///< The list of revocations has grown.
  /// Something about these processes has changed: bring their next turn forward.
  std::function<void(const std::vector<ProcessKey>&)> wake;
  /// A quarantine of this lineage was released or has expired.
  std::function<void(const std::string& lineage)> quarantine_ended;
  /// For the audit log: "revoked", "revoked.exit", "quarantine.added",
  /// "quarantine.released", "quarantine.expired".
  std::function<void(const AuditNotice&)> notice;
};

/// Who gave an order, and why.
struct OrderedBy {
  uid_t uid = 0;
  std::string reason;
};

/// The Sanctions that outlive the daemon, and what an operator can order.
/// Thread-safe.
class StoredSanctions final : public Sanctions {
 public:
  struct Parts {
    StateDatabase& database;
    const Clock& clock;
    IssuedSvids& issued;
    RevocationList& revocations;
    QuarantineList& quarantines;
    LineageMemory& lineages;
    StoredScopeLedger& pins;
  };
  /// An SVID that arrives so soon after its process was sentenced was decided before.
  static constexpr Seconds kDecidedBefore{2};

  /// `parts` outlive the sanctions.
  StoredSanctions(const Parts& parts, SanctionEvents events);

  void Given(const Peer& peer, const Standing& standing,
             const std::vector<IssuedSvid>& svids) override;
  [[nodiscard]] bool StillGiven(const IssuedSvid& svid) const override;
  Result<void> Revoke(const Sentence& sentence, RevocationReason reason, Moment now) override;
  Result<void> RevokeOthers(const Sentence& sentence, const std::vector<std::string>& entry_ids,
                            RevocationReason reason, Moment now) override;
  Result<void> Quarantine(const Sentence& sentence, std::optional<Seconds> duration,
                          Moment now) override;

  /// The process has exited: its SVIDs are revoked where their entry says so,
  /// stored and told together with what else exits within 20 ms. Returns at once.
  void ProcessExited(const ProcessKey& process, Moment now);
  /// The wall clock was set back: SVIDs that were made while it was ahead would be valid
  /// for longer than their entries say, from some time to come on. They are revoked.
  void ClockSetBack(Moment now);
  /// Ends the quarantines whose time is over. Called about once a second.
  void Tick(Moment now);

  // What an operator can order. Every order is in force and on the disk when the
  // call returns; an Error of storing (kUnavailable, kResourceExhausted) says that
  // it is in force and that storing is tried again.

  /// As QuarantineList::Add. Live SVIDs of what it covers are revoked.
  Result<struct Quarantine> AddQuarantine(QuarantineRequest order, const OrderedBy& by, Moment now);
  /// Ends a quarantine. Scopes of the lineage's processes are pinned afresh at their
  /// next turn, except of those that were themselves found to have jumped.
  /// kNotFound.
  Result<struct Quarantine> Release(std::uint64_t id, const OrderedBy& by, Moment now);
  /// Returns how many were revoked. kNotFound if none is live.
  Result<std::size_t> RevokeSerial(const std::string& serial, RevocationReason reason,
                                   const OrderedBy& by, Moment now);
  Result<std::size_t> RevokeSpiffeId(const std::string& spiffe_id, RevocationReason reason,
                                     const OrderedBy& by, Moment now);
  Result<std::size_t> RevokeLineage(const std::string& lineage, RevocationReason reason,
                                    const OrderedBy& by, Moment now);
  Result<std::size_t> RevokeProcess(const ProcessKey& process, RevocationReason reason,
                                    const OrderedBy& by, Moment now);

  /// Learns again what was given in these turns. `boot_id` is of this boot.
  void Restore(std::span<const RecordedTurn> turns, const std::string& boot_id, Moment now);
  /// After the last Restore: takes away what is in quarantine of what was learnt, and
  /// what processes of earlier boots held.
  void Settle(Moment now);

 private:
  using Details = std::vector<std::pair<std::string, std::string>>;
  struct Exits {
    std::size_t processes = 0;
    std::vector<std::string> serials;
  };

  void Note(std::string_view what, NoticeSeverity severity, Details details, Moment now) const;
  void Wake(const std::vector<ProcessKey>& processes) const;
  Result<void> RevokeSentenced(const Sentence& sentence, std::span<const IssuedSvid> taken,
                               RevocationReason reason, Moment now);
  void RevokeSoon(std::span<const IssuedSvid> svids, RevocationReason reason, RevokedBy by,
                  Moment now);
  Result<void> RevokeTaken(std::span<const IssuedSvid> taken, RevocationReason reason,
                           std::span<Saver* const> with, Details details, Moment now);
  Result<std::size_t> RevokeOrdered(std::span<const IssuedSvid> taken, RevocationReason reason,
                                    const OrderedBy& by, Details details, Moment now);
  /// Of a whole process; of an entry alone it says nothing of what comes later.
  /// True if there is something to be stored about it.
  bool Condemn(const Sentence& sentence, BootTime now);
  [[nodiscard]] bool CondemnedBefore(const ProcessKey& process, BootTime now) const;
  void Ended(const struct Quarantine& quarantine, std::string_view what, Details details,
             Moment now) const;
  void Grown();

  const Parts parts_;
  const SanctionEvents events_;
  mutable std::mutex mutex_;
  BoundedMap<ProcessKey, BootTime> condemned_{4'096};  // Guarded by mutex_, as below.
  Exits exits_;                                        // Not noted yet.
};

}  // namespace surety
