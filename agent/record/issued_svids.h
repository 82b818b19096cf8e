#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "agent/record/svid_key.h"
#include "surety/audit.h"

namespace surety {

/// Which live SVIDs each process and each lineage holds, so that they can be
/// taken away: "to take" one here is to get it and forget that it was issued.
/// Stored in the background, since the audit log tells the same; the sequence
/// number up to which that need not be read again is stored with it. Thread-safe.
class IssuedSvids final : private Saver {
 public:
  /// The process of those whose process is gone, and which outlive it.
  static constexpr ProcessKey kGone{};

  struct Limits {
    std::size_t of_process = 1'024;
    std::size_t of_all = 262'144;
  };

  static Result<std::unique_ptr<IssuedSvids>> Load(StateDatabase& database, Limits limits);
  ~IssuedSvids() override;

  /// Remembers what a process was given. Returns what there was no room for: the
  /// oldest of the process. It cannot be taken away later, so it is to be revoked now.
  std::vector<IssuedSvid> Add(const ProcessKey& process, const std::string& lineage,
                              std::span<const IssuedSvid> svids, Moment now);

  /// Those of one process; of an entry alone, unless its name is empty.
  std::vector<IssuedSvid> TakeProcess(const ProcessKey& process, std::string_view entry_id = "");
  /// Those of one process that are of none of these entries.
  std::vector<IssuedSvid> TakeOthers(const ProcessKey& process,
                                     std::span<const std::string> entry_ids);
  /// Those of a lineage, of an entry, or of both; an empty name stands for any. Also
  /// those of processes that are gone. Looks through all.
  std::vector<IssuedSvid> TakeCovered(std::string_view lineage, std::string_view entry_id);
  /// Those that are not valid yet at this time.
  std::vector<IssuedSvid> TakeBeginningAfter(WallTime time);
  std::vector<IssuedSvid> TakeSerial(const std::string& serial);
  /// Looks through all.
  std::vector<IssuedSvid> TakeSpiffeId(std::string_view spiffe_id);
  /// The process has exited: takes those that its exit revokes, and keeps the others as gone.
  std::vector<IssuedSvid> Exited(const ProcessKey& process);

  [[nodiscard]] bool Holds(const SvidKey& key) const;
  /// Without those that are gone.
  [[nodiscard]] std::vector<ProcessKey> Processes() const;
  [[nodiscard]] std::vector<ProcessKey> ProcessesWith(std::string_view entry_id) const;
  void DropExpired(Moment now);

  /// All records of the audit log up to this sequence number have been written by
  /// now. It counts ten seconds later, when the last turn that wrote one of them
  /// has long called Add.
  void NoteAuditSequence(std::uint64_t sequence, BootTime now);
  /// The highest number up to which nothing need be learnt again.
  [[nodiscard]] std::uint64_t stored_audit_sequence() const;

 private:
  struct Held {
    IssuedSvid svid;
    ProcessKey process;
    std::string lineage;
    Keeping keeping;
  };
  using Svids = std::map<SvidKey, Held>;
  using Which = std::function<bool(const Held&)>;

  IssuedSvids(StateDatabase& database, Limits limits) : database_(database), limits_(limits) {}
  Result<void> Read();
  void StoreSoon();
  void ReadRow(const SqliteRow& row);

  // All under mutex_.
  void Insert(Held held);
  Held Remove(Svids::iterator at);
  std::vector<IssuedSvid> TakeOf(const ProcessKey& process, const Which& which);
  std::vector<IssuedSvid> TakeAll(const Which& which);
  IssuedSvid RemoveOldest(const ProcessKey& process);

  Result<void> Write(SqliteConnection& database) override;
  static Result<void> WriteRow(SqliteConnection& database, const Held& held);
  void Settled(bool committed) override;
  [[nodiscard]] std::string_view what() const override { return "issued serials"; }
  [[nodiscard]] Durability durability() const override { return Durability::kProcess; }

  StateDatabase& database_;
  const Limits limits_;
  mutable std::mutex mutex_;  // Guards all below.
  Svids svids_;
  std::unordered_map<ProcessKey, std::unordered_set<const SvidKey*>>
      of_process_;  // Keys of svids_.
  ChangedKeys<SvidKey> changed_;
  std::optional<Moment> expired_by_;
  std::deque<std::pair<BootTime, std::uint64_t>> noted_;
  std::uint64_t settled_sequence_ = 0;
  std::uint64_t writing_sequence_ = 0;
  std::uint64_t stored_sequence_ = 0;
};

}  // namespace surety
