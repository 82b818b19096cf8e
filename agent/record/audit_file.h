#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/record/audit_appender.h"
#include "agent/record/audit_disk.h"
#include "agent/record/audit_folder.h"
#include "agent/record/checkpoint_file.h"
#include "agent/record/checkpoint_key.h"
#include "agent/record/log_end.h"
#include "surety/audit.h"

namespace surety {

struct AuditFileOptions {
  std::string folder = "/var/lib/surety/audit";  ///< Made if missing; its parent must be there.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;  ///< A new segment begins above this.
  std::uint32_t keep_segments = 0;                        ///< Older ones are removed; 0: never.
  std::uint64_t checkpoint_records = 4'096;               ///< A checkpoint after so many lines …
  Seconds checkpoint_interval{60};  ///< … or so long after the last one, if there are any.
  /// Checkpoints that the state database or the operator holds, as on_checkpoint
  /// gave them. The log is held against them when it is opened.
  std::vector<std::string> known_checkpoints{};
  /// Is given each new checkpoint, to keep it elsewhere. Called on the thread
  /// that calls Tend; may not call back.
  std::function<void(const std::string&)> on_checkpoint{};
  std::string boot_id{};  ///< Empty: the kernel's.
};

/// How the log is doing.
struct AuditFileStatus {
  std::string segment;               ///< Path of the file that is written to.
  std::uint64_t last_seq = 0;        ///< The last line.
  std::uint64_t synced_seq = 0;      ///< The last line that is known to be on the disk.
  std::uint64_t checkpoint_seq = 0;  ///< Of the newest checkpoint of this run; 0: none yet.
  std::uint64_t unrecorded = 0;      ///< Records of the present gap.
};

/// The audit log of docs/audit.md: JSON lines in a hash chain, in segments, with
/// signed checkpoints. Thread-safe.
///
/// A Write that succeeded is with the kernel, and so survives the daemon's death;
/// Tend brings it to the disk. One that failed left no trace but the gap that the
/// next success tells of.
class AuditFile final : public AuditLog {
 public:
  /// Opens the log, or begins one. What is wrong with its end is mended or, if it
  /// cannot be, told in the log and by Degraded(); it does not keep the daemon
  /// from starting. `disk` outlives the object.
  ///
  /// kPermissionDenied: the folder or a file is not ours alone. kAlreadyExists:
  /// another daemon writes to it. kDataLoss: the checkpoint key is damaged.
  /// kResourceExhausted, kUnavailable: the disk. kInternal: the library.
  static Result<std::unique_ptr<AuditFile>> Open(AuditFileOptions options, Moment now,
                                                 AuditDisk& disk);

  AuditFile(const AuditFile&) = delete;
  AuditFile(AuditFile&&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;
  AuditFile& operator=(AuditFile&&) = delete;
  ~AuditFile() override = default;

  /// kResourceExhausted: no room on the disk, or the record is beyond its limit;
  /// kUnavailable: the disk fails. Takes about ten microseconds, and waits for
  /// no disk.
  Result<std::string> Write(const AuditEvent& event) override;
  Result<void> Note(const AuditNotice& notice) override;

  /// What cannot be done while somebody waits: brings lines to the disk, closes
  /// gaps, begins segments, signs checkpoints, removes what is too old. To be
  /// called at least once a second (audit_tender.h). The first Error of several;
  /// all are tried again at the next call, and are in Degraded() until then.
  Result<void> Tend(Moment now);

  /// As Tend, with a checkpoint whatever the time: for the end of the daemon.
  Result<void> Finish(Moment now);

  /// Waits until Tend has something to do that is urgent (a refusal that revokes,
  /// a segment that is full), or `longest` has passed, or WakeTender was called.
  void WaitForUrgent(std::chrono::milliseconds longest);
  void WakeTender();

  [[nodiscard]] AuditFileStatus Status() const;
  /// A sentence for each thing that works only in part; empty if all is well.
  [[nodiscard]] std::vector<std::string> Degraded() const;
  /// Of the key that signs checkpoints, for whoever checks them elsewhere.
  [[nodiscard]] std::string PublicKeyPem() const { return key_.public_key().Pem(); }

 private:
  struct Parts;
  explicit AuditFile(Parts parts);
  static Result<Parts> OpenParts(AuditFileOptions options, AuditDisk& disk);
  Result<void> Begin(const LogEnd& end, Moment now);

  // Steps of Tend, by tend_mutex_.
  Result<void> TendAll(Moment now, bool finish);
  Result<void> CheckUntouched(Moment now);
  Result<void> Sync(Moment now);
  Result<void> Rotate(Moment now);
  Result<void> SignCheckpoint(Moment now, bool finish);
  Result<void> Prune(Moment now);
  Result<void> Forget(const std::vector<std::string>& segments, std::uint64_t first_kept);

  Result<void> Told(std::string_view topic, Result<void> result);
  [[nodiscard]] bool HasBecomeFull(const AuditAppender::Appended& added) const;

  const AuditFileOptions options_;
  AuditFolder folder_;
  const CheckpointKey key_;
  AuditAppender appender_;

  std::mutex tend_mutex_;  // Taken before any other.
  CheckpointFile checkpoints_;
  ChainPoint synced_;
  ChainPoint checkpoint_;
  BootTime checkpoint_at_;
  bool folder_synced_ = false;
  bool prune_due_ = true;

  mutable std::mutex status_mutex_;
  std::map<std::string, std::string, std::less<>> troubles_;  // Topic to sentence.
  std::uint64_t synced_seq_ = 0;
  std::uint64_t checkpoint_seq_ = 0;

  std::mutex urgent_mutex_;
  std::condition_variable urgent_changed_;
  bool urgent_ = false;
};

}  // namespace surety
