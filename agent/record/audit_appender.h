#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "agent/record/audit_folder.h"
#include "agent/record/audit_hash.h"
#include "agent/record/audit_line.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// What could not be written, and since when.
struct AuditGap {
  std::uint64_t records = 0;
  Moment since;
  Error why;
};

/// Puts lines at the end of the log: number, hash and write happen under one
/// lock, so that the order in the file is the chain's order. A line is there as
/// a whole or not at all: what a failed or short write left is cut off again
/// before anything else is written. Thread-safe.
class AuditAppender {
 public:
  struct Place {
    UniqueFd file;
    std::string segment;
    std::uint64_t size = 0;
    ChainPoint end;
  };
  /// What names this log and this run of the daemon.
  struct Names {
    std::string log;
    std::string run;  ///< Begins the ids of decisions.
    std::string boot_id;
  };

  struct Appended {
    std::uint64_t seq = 0;
    std::uint64_t size_before = 0;  ///< Of the segment.
    std::uint64_t size = 0;
  };

  /// Goes on at `place`; its file may be missing, then StartSegment comes first.
  /// The folder outlives this.
  AuditAppender(AuditFolder& folder, AuditHasher hasher, Names names, Place place)
      : folder_(folder),
        names_(std::move(names)),
        hasher_(std::move(hasher)),
        place_(std::move(place)) {}

  /// Writes one line, with one write(2). After failures the first that succeeds
  /// has the notice "audit.gap" in front of it, in the same write. On an Error
  /// nothing was written and the gap has grown: kResourceExhausted where there is
  /// no room, kUnavailable otherwise; both say what to do.
  Result<Appended> Append(std::string_view type, std::string_view body, const Moment& at);
  [[nodiscard]] std::string DecisionId(std::uint64_t seq) const;

  /// Tries to end a gap without a new record. Nothing to do without one.
  Result<void> CloseGap(const Moment& at);

  /// Begins a new segment, whose first line has the number `seq` or, if that is
  /// lower, the next one. The old segment is on the disk before the new one has a
  /// name. On an Error lines go into the old segment as before.
  Result<void> StartSegment(std::uint64_t seq, const Moment& at);

  /// Makes Append fail with this, until it is taken back: what was written may
  /// not be on the disk.
  void Block(std::optional<Error> why);

  /// What fstat(2) says of the file, if somebody else has changed its size or
  /// removed it.
  struct Found {
    std::uint64_t size = 0;
    std::uint64_t expected = 0;
    std::uint64_t links = 0;
  };
  [[nodiscard]] std::optional<Found> FoundOtherwise() const;

  struct State {
    int file = -1;  ///< Borrowed; stays open until the next StartSegment.
    std::string segment;
    std::uint64_t size = 0;
    ChainPoint end;
    std::optional<AuditGap> gap;
    bool blocked = false;
    bool torn = false;  ///< A part of a line could not be cut off again yet.
  };
  [[nodiscard]] State Now() const;
  [[nodiscard]] const Names& names() const { return names_; }

 private:
  Result<ChainPoint> AddLine(const ChainPoint& after, std::string_view type, std::string_view body);
  Result<ChainPoint> AddGap(const ChainPoint& after, const Moment& at);
  Result<void> WriteLines();
  void CutBack();
  Error Count(const Error& why, const Moment& at);
  Result<UniqueFd> CreateSegment(const std::string& name, std::string_view header);

  AuditFolder& folder_;
  const Names names_;
  mutable std::mutex mutex_;
  AuditHasher hasher_;  // By mutex_, as all that follows.
  Place place_;
  std::string lines_;  // Kept for its memory.
  std::optional<AuditGap> gap_;
  std::optional<Error> blocked_;
  bool torn_ = false;
};

}  // namespace surety
