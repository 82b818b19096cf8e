#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "agent/record/state_database.h"
#include "tests/unit/record/state_support.h"

namespace surety {

/// A database alone, for a part of the memory to be loaded from and stored in.
class OpenDatabase {
 public:
  OpenDatabase() { Open("boot-1"); }

  /// Closes it and opens it again, as a daemon that is started anew. The parts
  /// that were loaded from it are gone by then.
  void Open(const std::string& boot_id) {
    database_.reset();
    auto opened = StateDatabase::Open({.folder = folder_.state(), .boot_id = boot_id, .busy = {}},
                                      clock.Now());
    ASSERT_TRUE(opened) << opened.error().Text();
    database_ = std::move(*opened);
  }
  StateDatabase& operator*() { return *database_; }
  StateDatabase* operator->() { return database_.get(); }

  void StoreNow(Saver& saver) {
    Saver* const one = &saver;
    const auto stored = database_->StoreNow(std::span(&one, 1));
    ASSERT_TRUE(stored) << stored.error().Text();
  }
  /// The number that a query answers.
  std::int64_t Ask(std::string_view sql) {
    std::int64_t number = -1;
    EXPECT_TRUE(database_->Read([&](SqliteConnection& reading) {
      return reading.Each(sql, {}, [&](const SqliteRow& row) { number = row.Integer(0); });
    }));
    return number;
  }
  [[nodiscard]] const ScratchFolder& folder() const { return folder_; }

  TestClock clock;

 private:
  ScratchFolder folder_;
  std::unique_ptr<StateDatabase> database_;
};

/// What was loaded, or a failed test.
template <typename Part>
std::unique_ptr<Part> Loaded(Result<std::unique_ptr<Part>> loaded) {
  EXPECT_TRUE(loaded) << loaded.error().Text();
  return loaded ? std::move(*loaded) : nullptr;
}

}  // namespace surety
