#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "surety/standing.h"

namespace surety {

/// What is to be put into quarantine, why, and by whom.
struct QuarantineRequest {
  std::string lineage{};              ///< Empty: whatever lineage.
  std::string entry_id{};             ///< Empty: whatever entry. Not both are empty.
  std::optional<Seconds> duration{};  ///< Absent: until released.
  std::string reason{};
  std::string decision{};      ///< Empty if an operator orders it.
  std::optional<uid_t> uid{};  ///< The operator's.
};

/// The quarantines in force. A duration is counted on CLOCK_BOOTTIME, so that
/// setting the wall clock neither ends nor prolongs one; the time for which the
/// machine was off counts as the wall clock tells it (EnterBoot). Thread-safe.
class QuarantineList final : private Saver {
 public:
  static constexpr std::size_t kMost = 65'536;

  /// With what is stored. `database` outlives the list.
  static Result<std::unique_ptr<QuarantineList>> Load(StateDatabase& database,
                                                      std::size_t most = kMost);
  ~QuarantineList() override;

  struct Added {
    Quarantine quarantine;
    bool changed = false;  ///< False: it was there and ends no sooner than ordered.
  };
  /// In force at once; stored by the next StoreNow(saver()). A decision's order on
  /// what a decision has put into quarantine already prolongs that, if by a
  /// twentieth or more: whoever goes on trying costs no write each time.
  /// kInvalidArgument: it names nothing, or lasts no time. kResourceExhausted: too
  /// many, of which none may make room.
  Result<Added> Add(const QuarantineRequest& order, Moment now);
  /// Ends one. kNotFound if there is none with that id.
  Result<Quarantine> Remove(std::uint64_t id, Moment now);
  /// Ends those whose time is over; they have been out of force since then.
  std::vector<Quarantine> TakeExpired(Moment now);

  /// Those of any of these lineages, and those of whatever lineage; by id.
  [[nodiscard]] std::vector<Quarantine> Of(std::span<const std::string_view> lineages,
                                           Moment now) const;
  [[nodiscard]] bool Covers(std::string_view lineage, std::string_view entry_id,
                            BootTime now) const;
  [[nodiscard]] std::vector<Quarantine> All(Moment now) const;

  [[nodiscard]] Saver& saver() { return *this; }
  void StoreSoon();

 private:
  struct Item {
    Quarantine quarantine;  // Its `until` is worked out when asked for.
    std::optional<std::int64_t> uid;
    BootTime counted_from;
    std::optional<BootClock::duration> rest;  // From counted_from on.

    [[nodiscard]] bool Over(BootTime now) const { return rest && now - counted_from >= *rest; }
    [[nodiscard]] Quarantine At(Moment now) const;
  };
  using Items = std::map<std::uint64_t, Item>;

  QuarantineList(StateDatabase& database, std::size_t most) : database_(database), most_(most) {}
  Result<void> Read();
  void ReadRow(const SqliteRow& row);
  void Insert(Item item);  // Under mutex_, as all these.
  Items::iterator Erase(Items::iterator at);
  Item* Prolongable(const QuarantineRequest& order, BootTime now);
  bool MakeRoom();
  Added Prolong(Item& item, std::optional<Seconds> duration, Moment now);

  Result<void> Write(SqliteConnection& database) override;
  static Result<void> WriteRow(SqliteConnection& database, const Item& item);
  void Settled(bool committed) override;
  [[nodiscard]] std::string_view what() const override { return "quarantines"; }
  [[nodiscard]] Durability durability() const override { return Durability::kPower; }

  StateDatabase& database_;
  const std::size_t most_;
  mutable std::mutex mutex_;  // Guards all below.
  Items items_;
  std::unordered_multimap<std::string, std::uint64_t> of_lineage_;
  ChangedKeys<std::uint64_t> changed_;
  std::uint64_t next_id_ = 1;
};

}  // namespace surety
