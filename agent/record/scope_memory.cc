#include "agent/record/scope_memory.h"

#include <signal.h>

#include <cerrno>

namespace surety {

std::optional<Scope> ScopeMemory::Find(const ProcessKey& process) const {
  const std::lock_guard lock(mutex_);
  const auto found = pinned_.find(process);
  if (found == pinned_.end()) return std::nullopt;
  return found->second;
}

Result<bool> ScopeMemory::Pin(const Peer& peer, const Scope& scope) {
  const std::lock_guard lock(mutex_);
  const auto [at, inserted] = pinned_.try_emplace(peer.process->key(), scope);
  return inserted || at->second == scope;
}

std::size_t ScopeMemory::Sweep() {
  const std::lock_guard lock(mutex_);
  std::erase_if(pinned_, [](const auto& pinned) {
    return ::kill(pinned.first.pid, 0) != 0 && errno == ESRCH;
  });
  return pinned_.size();
}

}  // namespace surety
