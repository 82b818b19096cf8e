#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/policy/bounded_map.h"
#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "agent/record/subject_text.h"

namespace surety {

/// Where and how fast a table of counts is kept, and how much of it.
struct CountsTableSettings {
  std::string_view what;  ///< For messages.
  /// Literals: subject and counts of all rows; put one row; delete one.
  std::string_view select;
  std::string_view put;
  std::string_view remove;
  std::chrono::milliseconds store_within;
  std::size_t most;  ///< Beyond it, what was least recently counted is forgotten.
};

/// Counts (VelocityCounts, RiskAccount) of many subjects (lineages, processes), in
/// memory, and a snapshot of them in the database. Counts has Text, Parse and
/// Idle. Thread-safe.
template <typename Subject, typename Counts>
class CountsTable final : private Saver {
 public:
  /// With what is stored. `database` outlives the table.
  static Result<std::unique_ptr<CountsTable>> Load(StateDatabase& database,
                                                   const CountsTableSettings& settings) {
    std::unique_ptr<CountsTable> table(new CountsTable(database, settings));
    if (auto read = table->Read(); !read) return read.error().Within(settings.what);
    return table;
  }
  ~CountsTable() override { database_.Leave(*this); }

  /// Calls `change` with the counts of a subject, and returns what that does.
  template <typename Change>
  auto Update(const Subject& subject, const Change& change) {
    const std::lock_guard lock(mutex_);
    std::optional<Subject> gone;
    Counts& counts = counts_.Touch(subject, gone);
    if (gone) changed_.Removed(*gone);
    changed_.Changed(subject);
    StoreSoon();
    return change(counts);
  }
  /// Calls `look` with the counts of a subject, which are null if there are none.
  template <typename Looking>
  auto Look(const Subject& subject, const Looking& look) const {
    const std::lock_guard lock(mutex_);
    return look(counts_.Find(subject));
  }

  void Erase(const Subject& subject) {
    const std::lock_guard lock(mutex_);
    EraseLocked(subject);
  }
  /// Forgets counts that say nothing any more.
  void DropIdle(BootTime now) {
    const std::lock_guard lock(mutex_);
    std::vector<Subject> idle;
    for (const auto& [subject, counts] : counts_)
      if (counts.Idle(now)) idle.push_back(subject);
    for (const Subject& subject : idle) EraseLocked(subject);
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return counts_.size();
  }

 private:
  CountsTable(StateDatabase& database, const CountsTableSettings& settings)
      : database_(database), settings_(settings), counts_(settings.most) {}

  void StoreSoon() { database_.StoreSoon(*this, settings_.store_within); }
  void EraseLocked(const Subject& subject) {
    if (!counts_.Erase(subject)) return;
    changed_.Removed(subject);
    StoreSoon();
  }

  Result<void> Read() {
    Result<void> parsed;
    auto read = database_.Read([&](SqliteConnection& database) {
      const std::lock_guard lock(mutex_);
      return database.Each(settings_.select, {}, [&](const SqliteRow& row) {
        if (auto one = ReadRow(row); !one) parsed = one;
      });
    });
    return read ? parsed : read;
  }
  Result<void> ReadRow(const SqliteRow& row) {
    Subject subject;
    if (auto read = ReadSubject(row.Text(0), subject); !read) return read;
    auto counts = Counts::Parse(row.Text(1));
    if (!counts) return counts.error();
    std::optional<Subject> gone;
    counts_.Touch(subject, gone) = std::move(*counts);
    changed_.Stored(subject);
    if (gone) changed_.Removed(*gone);
    return {};
  }

  Result<void> Write(SqliteConnection& database) override {
    std::vector<std::pair<std::string, std::string>> rows;
    typename ChangedKeys<Subject>::Batch batch;
    {
      const std::lock_guard lock(mutex_);
      const auto exists = [this](const Subject& one) { return counts_.Find(one) != nullptr; };
      batch = changed_.Take(exists, kMostInOneTransaction);
      for (const Subject& subject : batch.present)
        rows.emplace_back(SubjectText(subject), counts_.Find(subject)->Text());
    }
    for (const auto& [subject, counts] : rows)
      if (auto written = database.Run(settings_.put, {subject, counts}); !written) return written;
    for (const Subject& subject : batch.gone)
      if (auto written = database.Run(settings_.remove, {SubjectText(subject)}); !written)
        return written;
    return {};
  }
  void Settled(bool committed) override {
    const std::lock_guard lock(mutex_);
    changed_.Settle(committed);
    if (!changed_.empty()) database_.StoreSoon(*this, std::chrono::milliseconds(0));
  }
  [[nodiscard]] std::string_view what() const override { return settings_.what; }
  [[nodiscard]] Durability durability() const override { return Durability::kProcess; }

  static constexpr std::size_t kMostInOneTransaction = 500;

  StateDatabase& database_;
  const CountsTableSettings settings_;
  mutable std::mutex mutex_;
  BoundedMap<Subject, Counts> counts_;  // Guarded by mutex_, as below.
  ChangedKeys<Subject> changed_;
};

}  // namespace surety
