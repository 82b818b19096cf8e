#pragma once

#include "attestors/file_identity.h"
#include "surety/process.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// The file that a process runs, held, with what statx(2) said of it
/// (MountIdKind::kUnique).
struct RunningExecutable {
  UniqueFd file;
  FileFacts facts;
};

/// Errors as ProcessHandle::OpenExecutable's, and kUnavailable if statx fails.
Result<RunningExecutable> OpenRunningExecutable(const ProcessHandle& process);

/// What OpenRunningExecutable would say, without holding the file: half the price.
Result<FileFacts> LookAtRunningExecutable(const ProcessHandle& process);

/// A process that can be looked at without opening its executable.
class LookableProcess : public ProcessHandle {
 public:
  [[nodiscard]] virtual Result<FileFacts> LookAtExecutable() const = 0;
};

}  // namespace surety
