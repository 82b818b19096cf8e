#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "agent/record/svid_key.h"
#include "surety/audit.h"
#include "surety/sanction.h"

namespace surety {

/// Why an SVID was revoked, as far as it matters for how long it is listed.
enum class RevokedBy {
  kDecision,  ///< A jump, a quarantine or an operator: listed until it expires.
  kExit,      ///< Its process has exited: listed as far as there is room.
};

/// The SVIDs that must no longer be believed, until they have expired (Keeping).
/// Thread-safe.
class RevocationList final : public RevocationSource, private Saver {
 public:
  /// How many may be listed because of exits. Every stream is sent the whole list,
  /// and gRPC's clients end a stream on a message above 4 MB: 20,000 are 1 MB.
  static constexpr std::size_t kMostByExit = 20'000;

  /// With what is stored. `database` and `clock` outlive the list.
  static Result<std::unique_ptr<RevocationList>> Load(StateDatabase& database, const Clock& clock,
                                                      std::size_t most_by_exit = kMostByExit);
  ~RevocationList() override;

  [[nodiscard]] std::vector<Revocation> Revoked(WallTime now) const override;
  [[nodiscard]] std::uint64_t revision() const override;

  /// Lists them, in memory at once. Returns those that were not listed before.
  /// They are stored by the next StoreNow(saver()) or StoreSoon().
  std::vector<Revocation> Add(std::span<const IssuedSvid> svids, RevocationReason reason,
                              RevokedBy by, Moment now);
  [[nodiscard]] bool Lists(const SvidKey& key) const;
  [[nodiscard]] Saver& saver() { return *this; }
  /// Whether something added is not stored yet.
  [[nodiscard]] bool Unstored() const;
  /// Has the background store what was added, with what else comes within 20 ms.
  void StoreSoon();

  /// Called whenever the list has grown: by Tell(), and by the background after it
  /// has stored. Set before anything is added.
  void OnGrowth(std::function<void()> grown) { grown_ = std::move(grown); }
  /// Calls what OnGrowth was given if the list has grown since it last was.
  void Tell();

  void DropExpired(Moment now);
  /// Whether and how many had to be left out for want of room; empty if none.
  [[nodiscard]] std::string Degraded() const;

 private:
  struct Listed {
    Revocation revocation;
    Keeping keeping;
    RevokedBy by = RevokedBy::kDecision;
  };
  using List = std::map<SvidKey, Listed>;

  RevocationList(StateDatabase& database, const Clock& clock, std::size_t most_by_exit)
      : database_(database), clock_(clock), most_by_exit_(most_by_exit) {}
  Result<void> Read();
  void ReadRow(const SqliteRow& row);  // Under mutex_, as these.
  void Insert(Listed listed);
  List::iterator Remove(List::iterator at);

  Result<void> Write(SqliteConnection& database) override;
  static Result<void> WriteRow(SqliteConnection& database, const Listed& listed);
  void Settled(bool committed) override;
  void Attempted() override { Tell(); }
  [[nodiscard]] std::string_view what() const override { return "revocations"; }
  [[nodiscard]] Durability durability() const override { return Durability::kPower; }

  StateDatabase& database_;
  const Clock& clock_;
  const std::size_t most_by_exit_;
  std::function<void()> grown_;  // Constant once anything is added.

  mutable std::mutex mutex_;  // Guards all below.
  List listed_;
  std::set<std::pair<WallTime, SvidKey>> by_exit_;  // The ones that expire soonest first.
  ChangedKeys<SvidKey> changed_;
  std::uint64_t revision_ = 1;
  std::uint64_t told_revision_ = 1;
  std::uint64_t left_out_ = 0;
};

}  // namespace surety
