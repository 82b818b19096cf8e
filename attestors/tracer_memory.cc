#include "attestors/tracer_memory.h"

namespace surety {

void TracerMemory::Note(const ProcessKey& process, Tracer tracer) {
  if (tracer == uid_t{0}) return;
  const std::lock_guard lock(mutex_);
  Tracer& known = tracers_.try_emplace(process, tracer).first->second;
  if (tracer) known = tracer;
}

void TracerMemory::Forget(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  tracers_.erase(process);
}

std::optional<TracerMemory::Tracer> TracerMemory::Find(const ProcessKey& process) const {
  const std::lock_guard lock(mutex_);
  const auto at = tracers_.find(process);
  if (at == tracers_.end()) return std::nullopt;
  return at->second;
}

}  // namespace surety
