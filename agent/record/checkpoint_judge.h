#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/record/audit_chain.h"
#include "agent/record/checkpoint.h"
#include "agent/record/line_reader.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// A checkpoint that was kept elsewhere than in the log's folder.
struct KeptCheckpoint {
  std::string text;
  std::string from;  ///< Where, for people: "the state database", a file's name.
};

/// Holds a log against its checkpoints as its lines go by: those of the folder,
/// one at a time, and those that were kept elsewhere. Not thread-safe.
class CheckpointJudge {
 public:
  /// Takes the checkpoints that are in the folder now, so that it is made before
  /// the log is read. `only` is the one key to believe; without it, those that
  /// lie in the folder. kUnavailable if the folder cannot be read.
  static Result<CheckpointJudge> Open(int dir, const std::string& path,
                                      std::optional<CheckpointPublicKey> only,
                                      AuditChain::OnBreak on_break);

  /// Adds one that was kept elsewhere.
  void Keep(const KeptCheckpoint& kept);

  /// The log has this line; `hash` is empty if it was damaged, which was told.
  /// Lines come in order. An Error is of reading.
  Result<void> Line(std::uint64_t seq, std::optional<HashText> hash);

  /// The log has no further line. `log` is its id.
  Result<void> End(const std::string& log, std::uint64_t last_seq);

  /// How many agreed with the log, and the last that did.
  [[nodiscard]] std::uint64_t agreed() const { return agreed_; }
  [[nodiscard]] std::uint64_t last_agreed() const { return last_agreed_; }

 private:
  /// One that waits for its line.
  struct Waiting {
    Checkpoint checkpoint;
    std::string from;
    std::uint64_t line = 0;  // In the file; 0 for those kept elsewhere.
  };

  CheckpointJudge(std::vector<CheckpointPublicKey> keys, AuditChain::OnBreak on_break)
      : keys_(std::move(keys)), on_break_(std::move(on_break)) {}
  Result<void> FetchNext();
  std::optional<Waiting> Judged(const std::string& text, const std::string& from,
                                std::uint64_t line);
  void Compare(const Waiting& waiting, std::uint64_t seq, const std::optional<HashText>& hash);
  void Missed(const Waiting& waiting, const std::string& log, std::uint64_t last_seq);
  void Break(const Waiting& waiting, std::string what);
  static std::string Name(const std::string& from, std::uint64_t line);

  std::vector<CheckpointPublicKey> keys_;
  AuditChain::OnBreak on_break_;
  UniqueFd file_;
  std::unique_ptr<LineReader> lines_;
  std::optional<Waiting> next_;     // Of the file.
  std::uint64_t highest_ = 0;       // Of the file, so far.
  std::vector<Waiting> elsewhere_;  // By number, the lowest last.
  std::uint64_t agreed_ = 0;
  std::uint64_t last_agreed_ = 0;
};

}  // namespace surety
