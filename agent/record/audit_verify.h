#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/record/audit_chain.h"
#include "agent/record/checkpoint_judge.h"
#include "agent/record/checkpoint_key.h"
#include "surety/result.h"

namespace surety {

/// What a log is held against besides its own folder.
struct AuditVerifyOptions {
  std::vector<KeptCheckpoint> checkpoints{};
  /// The one key whose checkpoints count; absent: those that lie in the folder.
  std::optional<CheckpointPublicKey> key{};
};

struct AuditVerifyReport {
  std::string log;  ///< Its id.
  std::uint64_t segments = 0;
  std::uint64_t lines = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t pruned_up_to = 0;     ///< Lines that were removed as too old; 0: none.
  std::uint64_t checkpoints = 0;      ///< Signed, and the log agrees with them.
  std::uint64_t last_checkpoint = 0;  ///< The line that the last of them names.
  /// Bytes of a last line that the daemon did not live to finish. No break: what
  /// it was about did not happen, and the next start moves it aside.
  std::uint64_t unfinished = 0;
  std::uint64_t breaks = 0;
  [[nodiscard]] bool intact() const { return breaks == 0; }
};

/// Reads a whole log and tells every place where it is not what was written, in
/// order: a changed byte, lines that are missing, put in or out of order, a
/// missing segment, a missing end, checkpoints that do not fit or are forged. Can
/// be run while the daemon writes; takes no lock, and a few megabytes of memory
/// whatever the log's size.
///
/// kNotFound if there is neither a log nor anything that says there was one,
/// kPermissionDenied, kUnavailable if it cannot be read.
Result<AuditVerifyReport> VerifyAudit(const std::string& folder, const AuditVerifyOptions& options,
                                      const AuditChain::OnBreak& on_break);

}  // namespace surety
