#include "agent/watch/exec_probe.h"

#include <unistd.h>

namespace surety {

Result<ExecProbe> ExecProbe::Open(const ProcessHandle& process) {
  auto file = process.OpenExecProbe();
  if (!file) return file.error();
  return ExecProbe(*std::move(file));
}

// A read of one byte is refused (EINVAL, entries have eight) while the memory is
// in use, and finds the end of the file afterwards. It is refused before the
// memory's lock is taken: /proc/PID/mem would tell the same, but waits for a lock
// that a process can hold for as long as it likes with a page fault on FUSE.
bool ExecProbe::HasExecuted() const {
  char byte = 0;
  return file_ && ::pread(file_.get(), &byte, sizeof byte, 0) == 0;
}

}  // namespace surety
