#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <unordered_map>

#include "surety/process.h"

namespace surety {

/// Who has traced a process and may have let go since: a debugger needs a fraction
/// of a millisecond to take a key, and is gone before anybody looks. Told of by
/// events of the kernel, so it knows nothing where none come. Thread-safe.
class TracerMemory {
 public:
  /// A real uid; nullopt where the tracer was gone before it could be looked at.
  using Tracer = std::optional<uid_t>;

  /// `process` is remembered until Forget, which its exit calls. Root's tracers are
  /// not: root needs no debugger to take a key.
  void Note(const ProcessKey& process, Tracer tracer);
  void Forget(const ProcessKey& process);
  /// nullopt: nobody has traced it. Of several the one that is known by its uid.
  [[nodiscard]] std::optional<Tracer> Find(const ProcessKey& process) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ProcessKey, Tracer> tracers_;  // Guarded by mutex_.
};

}  // namespace surety
